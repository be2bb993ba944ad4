import type { RequestTrace } from '../api-context.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** A call, or what is left of one that is answered later. */
export type Traced = { readonly var: { readonly trace: RequestTrace } };

/** An answer that is not a `Response`, so that it can be written without one. */
export type PlainAnswer = { text: string; status: number; headers: Record<string, string> };

/**
 * Answers with JSON. All headers are one plain object, which the Node server writes without building
 * a `Headers`: every Run takes this path.
 */
export function answerJson<Body>(c: Traced, body: Body, status = 200): Response {
  return responseOf(plainJson(c, body, status));
}

export function plainJson<Body>(c: Traced, body: Body, status = 200): PlainAnswer {
  const text = JSON.stringify(body);
  c.var.trace.answerBytes = Buffer.byteLength(text);
  return { text, status, headers: answerHeaders(c, JSON_TYPE) };
}

export function responseOf({ text, ...init }: PlainAnswer): Response {
  return new Response(text, init);
}

/**
 * The headers of every answer; `more` overrides them. No answer may be framed, sniffed or cached.
 */
export function answerHeaders(
  c: Traced,
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
