import { CLIENT_IP_HEADER } from '@runfleet/identity';
import { RunfleetError } from '@runfleet/protocol';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { readBody } from '../http/read-body.ts';

const PREFIX = '/api/auth/';
const BODY_LIMIT_BYTES = 16_384;
const CALLS: readonly string[] = [
  'POST sign-in/email',
  'POST sign-out',
  'POST change-password',
  'GET get-session',
];

/** `/api/auth/*`: the calls of better-auth that the dashboard needs, and no other. */
export function signIn(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { method } = c.req;
    if (!CALLS.includes(`${method} ${c.req.path.slice(PREFIX.length)}`)) {
      throw new RunfleetError('path_not_found', `${method} ${c.req.path} does not exist.`);
    }
    const headers = new Headers(c.req.raw.headers);
    headers.delete(CLIENT_IP_HEADER);
    if (c.var.trace.ip !== '') headers.set(CLIENT_IP_HEADER, c.var.trace.ip);
    const body = method === 'POST' ? await readBody(c.req.raw, BODY_LIMIT_BYTES) : null;
    const answer = await ctx.auth.handler(new Request(c.req.url, { method, headers, body }));

    const answerHeaders = new Headers(answer.headers);
    answerHeaders.set('x-request-id', c.var.trace.requestId);
    answerHeaders.set('cache-control', 'no-store');
    answerHeaders.set('x-content-type-options', 'nosniff');
    if (answer.status === 429) {
      const message = 'Too many attempts. Wait a minute, then try again.';
      answerHeaders.set('retry-after', answer.headers.get('x-retry-after') ?? '60');
      return Response.json(
        { errors: [{ code: 0, message }], message, result: false },
        { status: 429, headers: answerHeaders },
      );
    }
    return new Response(answer.body, { status: answer.status, headers: answerHeaders });
  };
}
