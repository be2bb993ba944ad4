import { RunfleetApiError, RunfleetConnectionError } from './errors.ts';
import { signRequest } from './sign-request.ts';

export type ApiAccess = {
  /** Without a slash at its end. */
  apiUrl: string;
  apiKey: string | undefined;
  apiSecret: string | undefined;
  projectId: string | undefined;
  fetch: typeof fetch;
};

type Envelope = { result: boolean; errors?: { code: number; message: string }[] };

/** One POST of the API. Throws RunfleetApiError when refused, RunfleetConnectionError when not reached. */
export async function callApi<Payload>(
  access: ApiAccess,
  path: string,
  body: Record<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<Payload> {
  const url = `${access.apiUrl}/${path}`;
  const headers = { 'content-type': 'application/json', ...(await authorisationOf(access)) };
  const request = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await access
    .fetch(url, signal ? { ...request, signal } : request)
    .catch((cause: unknown) => {
      signal?.throwIfAborted();
      throw new RunfleetConnectionError(`${url} cannot be reached; is the server running?`, {
        cause,
      });
    });

  const text = await response.text();
  const about = { status: response.status, requestId: response.headers.get('x-request-id') };
  const envelope = parseEnvelope(text);
  if (envelope?.result === true) return envelope as Envelope & Payload;

  const { code = 0, message = `${url} answered ${response.status} without a Runfleet envelope.` } =
    envelope?.errors?.[0] ?? {};
  throw new RunfleetApiError(message, { code, ...about });
}

async function authorisationOf(access: ApiAccess): Promise<Record<string, string>> {
  const { apiKey, apiSecret, projectId } = access;
  const project: Record<string, string> = projectId ? { 'x-project-id': projectId } : {};
  if (apiKey === undefined) return project;
  if (apiSecret === undefined) return { ...project, 'x-api-key': apiKey };
  // Milliseconds, which the stricter modes of a project accept as well.
  return { ...project, ...(await signRequest({ apiKey, apiSecret }, Date.now().toString())) };
}

function parseEnvelope(text: string): Envelope | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Envelope) : null;
  } catch {
    // Some proxy's page; the caller says so.
    return null;
  }
}
