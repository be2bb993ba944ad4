import type { ApiRequest } from '../api-context.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Answers with JSON. All headers are given at once, as a plain object, which the Node server writes
 * without building a `Headers`: this is on the path of every Run.
 */
export function answerJson<Body>(c: ApiRequest, body: Body, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: answerHeaders(c, JSON_TYPE) });
}

/** What every answer carries, unless `more` says otherwise. Nothing may be framed, sniffed or cached. */
export function answerHeaders(
  c: ApiRequest,
  contentType: string,
  more?: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    'content-type': contentType,
    'x-request-id': c.var.trace.requestId,
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...more,
  };
}
