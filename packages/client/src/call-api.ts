import type { Envelope, Refusal } from '@runfleet/protocol';

import { RunfleetApiError, RunfleetConnectionError } from './errors.ts';
import { formOrJson } from './form-or-json.ts';
import { signRequest } from './sign-request.ts';

export type ApiAccess = {
  /** Without a trailing slash. */
  apiUrl: string;
  apiKey: string | undefined;
  apiSecret: string | undefined;
  projectId: string | undefined;
  answerTimeoutMs: number;
  fetch: typeof fetch;
};

/**
 * Sends one POST. Throws RunfleetApiError if it was refused, RunfleetConnectionError if the answer was
 * missing or incomplete, and the signal's reason if it was aborted.
 */
export async function callApi<Payload>(
  access: ApiAccess,
  path: string,
  body: Record<string, unknown>,
  options: { signal?: AbortSignal | undefined; headers?: Readonly<Record<string, string>> } = {},
): Promise<Payload> {
  const url = `${access.apiUrl}/${path}`;
  const { response, text } = await post(access, url, formOrJson(body), options);
  const about = { status: response.status, requestId: response.headers.get('x-request-id') };
  const envelope = parseEnvelope(text);
  if (envelope?.result === true) return envelope as Payload;

  const { code = 0, message = `${url} answered ${response.status} without a Runfleet envelope.` } =
    envelope?.errors?.[0] ?? {};
  throw new RunfleetApiError(message, { code, taskId: envelope?.taskid, ...about });
}

async function post(
  access: ApiAccess,
  url: string,
  body: string | FormData,
  options: { signal?: AbortSignal | undefined; headers?: Readonly<Record<string, string>> },
): Promise<{ response: Response; text: string }> {
  const { signal } = options;
  const headers = {
    // A form's type names its boundary, which the platform chooses.
    ...(typeof body === 'string' && { 'content-type': 'application/json' }),
    ...options.headers,
    ...(await authorisationOf(access)),
  };
  const timeout = AbortSignal.timeout(access.answerTimeoutMs);
  try {
    const response = await access.fetch(url, {
      method: 'POST',
      headers,
      body,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return { response, text: await response.text() };
  } catch (cause) {
    signal?.throwIfAborted();
    const problem = timeout.aborted
      ? `did not answer within ${access.answerTimeoutMs / 1000} s.`
      : 'cannot be reached; is the server running?';
    throw new RunfleetConnectionError(`${url} ${problem}`, { cause });
  }
}

async function authorisationOf(access: ApiAccess): Promise<Record<string, string>> {
  const { apiKey, apiSecret, projectId } = access;
  const project: Record<string, string> = projectId ? { 'x-project-id': projectId } : {};
  if (apiKey === undefined) return project;
  if (apiSecret === undefined) return { ...project, 'x-api-key': apiKey };
  // Milliseconds, which the stricter authentication modes accept too.
  return { ...project, ...(await signRequest({ apiKey, apiSecret }, Date.now().toString())) };
}

function parseEnvelope(text: string): Partial<Envelope & Pick<Refusal, 'taskid'>> | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    // A page of a proxy; the caller reports it.
    return null;
  }
}
