import type { Envelope } from '@runfleet/protocol';

import { ApiProblem } from './api-problem.ts';
import { watchedFetch } from './watched-fetch.ts';

/**
 * Sends one JSON call with the session's cookie: POST if there is a body, else GET. Throws `ApiProblem`
 * for a refusal in the envelope, for a status that is not 2xx, and if there was no answer.
 */
export async function callApi<T>(
  path: string,
  options: { body?: object; signal?: AbortSignal } = {},
): Promise<T> {
  const response = await send(path, options);
  const requestId = response.headers.get('x-request-id');
  const answer = (await response.json().catch(() => null)) as (T & Partial<Envelope>) | null;
  const refusal = answer?.errors?.[0] ?? (answer as { message?: string } | null);
  if (response.ok && answer !== null && answer.result !== false) return answer;
  throw new ApiProblem({
    status: response.status,
    code: answer?.errors?.[0]?.code ?? null,
    message:
      refusal?.message ?? `The server answered with status ${response.status} and no reason.`,
    requestId,
  });
}

async function send(
  path: string,
  options: { body?: object; signal?: AbortSignal },
): Promise<Response> {
  const signal = options.signal ?? null;
  try {
    if (options.body === undefined) return await watchedFetch(path, { signal });
    return await watchedFetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(options.body),
      signal,
    });
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new ApiProblem(
      { status: 0, code: null, message: 'The server did not answer.', requestId: null },
      { cause },
    );
  }
}
