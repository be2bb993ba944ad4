import { CLIENT_IP_HEADER, findPasswordProblem } from '@runfleet/identity';
import { RunfleetError } from '@runfleet/protocol';

import type { ApiContext, ApiHandler, ApiRequest } from '../../api-context.ts';
import { parseJsonBody } from '../../http/parse-json-body.ts';
import { readBody } from '../../http/read-body.ts';
import { SMALL_BODY_BYTES } from '../../http/read-parameters.ts';
import type { Route } from '../../route.ts';

const PREFIX = '/api/auth/';
const CALLS: readonly string[] = [
  'POST sign-in/email',
  'POST sign-out',
  'POST change-password',
  'GET get-session',
];
/** The longest e-mail address, and more than any password that is accepted. */
const TEXT_MAX = 254;

/** The calls of better-auth that the dashboard needs, and no others. */
export const authRoute: Route = {
  call: 'POST /api/auth/*',
  answer: null,
  open: signIn,
};

export const sessionRoute: Route = { ...authRoute, call: 'GET /api/auth/*' };

function signIn(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { method } = c.req;
    const call = `${method} ${c.req.path.slice(PREFIX.length)}`;
    if (!CALLS.includes(call)) {
      throw new RunfleetError('path_not_found', `${method} ${c.req.path} does not exist.`);
    }
    const body = method === 'POST' ? await readBody(ctx, c, SMALL_BODY_BYTES) : null;
    if (call === 'POST sign-in/email') {
      const { email } = readTexts(body, ['email', 'password']);
      return attemptPassword(ctx, c, email, () => callAuth(ctx, c, body));
    }
    if (call === 'POST change-password') {
      const { newPassword } = readTexts(body, ['currentPassword', 'newPassword']);
      const user = await ctx.auth.readUser(c.req.raw.headers);
      if (user === null) throw new RunfleetError('sign_in_required', 'Sign in to continue.');
      const problem = await findPasswordProblem({ email: user.email, password: newPassword });
      if (problem !== null) throw new RunfleetError('invalid_request', problem);
      return attemptPassword(ctx, c, user.email, () => callAuth(ctx, c, body));
    }
    return callAuth(ctx, c, body);
  };
}

/** The length is checked before anything else reads a text. Postgres text cannot have a NUL. */
function readTexts<Name extends string>(
  body: Buffer | null,
  names: readonly Name[],
): Record<Name, string> {
  const fields = parseJsonBody(body ?? Buffer.alloc(0));
  const texts = names.map((name): [Name, string] => {
    const text = fields[name];
    if (typeof text === 'string' && text.length <= TEXT_MAX && !text.includes('\0')) {
      return [name, text];
    }
    throw new RunfleetError(
      'invalid_request',
      `Request parameter [${name}] must be a string of ${TEXT_MAX} characters at most`,
    );
  });
  return Object.fromEntries(texts) as Record<Name, string>;
}

/** Calls `act`, which checks a password of `account`, unless there were too many wrong ones. */
async function attemptPassword(
  ctx: ApiContext,
  c: ApiRequest,
  account: string,
  act: () => Promise<Response>,
): Promise<Response> {
  const { throttle } = ctx.auth;
  const attempt = { account: account.toLowerCase(), ip: c.var.trace.ip };
  const waitMs = throttle.begin(attempt);
  if (waitMs > 0) {
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    throw new RunfleetError(
      'rate_limited',
      `Too many attempts. Wait ${retryAfterSeconds} s, then try again.`,
      { retryAfterSeconds },
    );
  }
  let status = 0;
  try {
    const answer = await act();
    status = answer.status;
    return answer;
  } finally {
    if (status === 200) throttle.succeed(attempt);
    // Refused for another reason, or not answered: no password was compared.
    else if (status !== 400 && status !== 401) throttle.withdraw(attempt);
  }
}

async function callAuth(ctx: ApiContext, c: ApiRequest, body: Buffer | null): Promise<Response> {
  const { method, url } = c.req;
  const headers = new Headers(c.req.raw.headers);
  headers.delete(CLIENT_IP_HEADER);
  if (c.var.trace.ip !== '') headers.set(CLIENT_IP_HEADER, c.var.trace.ip);
  const answer = await ctx.auth.handler(new Request(url, { method, headers, body }));

  const answerHeaders = new Headers(answer.headers);
  answerHeaders.set('x-request-id', c.var.trace.requestId);
  answerHeaders.set('cache-control', 'no-store');
  answerHeaders.set('x-content-type-options', 'nosniff');
  return new Response(answer.body, { status: answer.status, headers: answerHeaders });
}
