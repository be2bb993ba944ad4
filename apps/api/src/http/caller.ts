/** Identifies the caller: a project by its key, or a person by the dashboard's session cookie. */
import { isBlank } from '@runfleet/catalog';
import {
  authenticateProject,
  findProject,
  type Principal,
  readCredentials,
  readSession,
  type Session,
} from '@runfleet/identity';
import { RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

import type { ApiContext, ApiRequest } from '../api-context.ts';

export type Caller = { principal: Principal } | { session: Session };

type CallerContext = Pick<ApiContext, 'auth' | 'cache' | 'db' | 'masterKey' | 'rates'>;

const SESSION_COOKIE = 'runfleet.session_token=';

/** Throws `unauthorized` without valid credentials, `sign_in_required` with an expired cookie. */
export async function identifyCaller(ctx: CallerContext, c: ApiRequest): Promise<Caller> {
  const { headers } = c.req.raw;
  if (readCredentials(headers) === null && hasSessionCookie(headers)) {
    requireOwnOrigin(ctx, headers);
    return { session: await requireSession(ctx, c) };
  }
  const principal = await authenticateProject(
    { ...ctx, guesses: ctx.rates.addresses },
    { headers, ip: c.var.trace.ip },
  );
  c.var.trace.organisationId = principal.organisationId;
  c.var.trace.projectId = principal.projectId;
  ctx.rates.requireCall(c.var.trace);
  return { principal };
}

/** Whether a request carries project credentials, valid or not. */
export function hasKey(c: ApiRequest): boolean {
  return readCredentials(c.req.raw.headers) !== null;
}

export async function requireSession(ctx: CallerContext, c: ApiRequest): Promise<Session> {
  const { headers } = c.req.raw;
  const session = hasSessionCookie(headers) ? await readSession(ctx.auth, headers) : null;
  if (session === null) {
    throw new RunfleetError('sign_in_required', 'Sign in to continue.');
  }
  return session;
}

/**
 * Throws `forbidden` to callers who are not operators, and for changes from another site's page.
 */
export async function requireOperator(ctx: CallerContext, c: ApiRequest): Promise<Session> {
  const session = await requireSession(ctx, c);
  if (!session.isOperator) {
    throw new RunfleetError('forbidden', 'This is for operators. Ask one if you need it.');
  }
  if (c.req.method !== 'GET') requireOwnOrigin(ctx, c.req.raw.headers);
  return session;
}

/**
 * The project that a call is for: the one that `projectid` (or the header `x-project-id`) names, if it
 * belongs to the caller's organisation; else the key's own, or the first of a signed-in person.
 */
export async function resolvePrincipal(
  ctx: CallerContext,
  c: ApiRequest,
  caller: Caller,
  projectid: unknown,
): Promise<Principal> {
  const wanted = readProjectId(projectid) ?? readProjectId(c.req.header('x-project-id'));
  if ('principal' in caller && (wanted === null || wanted === caller.principal.projectId)) {
    return caller.principal;
  }
  const organisations =
    'principal' in caller
      ? [caller.principal.organisationId]
      : caller.session.memberships.map((membership) => membership.organisationId);
  for (const organisationId of organisations) {
    const principal = await findProject(ctx, organisationId, wanted);
    if (principal === null) continue;
    c.var.trace.organisationId = principal.organisationId;
    c.var.trace.projectId = principal.projectId;
    return principal;
  }
  throw wanted === null
    ? new RunfleetError('forbidden', 'You have no project yet. Create one first.')
    : invalidProject();
}

/** A page of another site can make a browser send our cookie, but it cannot forge the origin. */
function requireOwnOrigin(ctx: CallerContext, headers: Headers): void {
  const origin = headers.get('origin');
  if (origin !== null && ctx.auth.trustedOrigins.includes(origin)) return;
  throw new RunfleetError(
    'forbidden',
    'A session cookie is accepted from the dashboard only. Use an API key, or list the origin in TRUSTED_ORIGINS.',
  );
}

function hasSessionCookie(headers: Headers): boolean {
  return headers.get('cookie')?.includes(SESSION_COOKIE) ?? false;
}

function readProjectId(given: unknown): string | null {
  if (isBlank(given)) return null;
  // Beyond 2^53 a number may have been rounded to another project's id.
  const text = typeof given === 'number' && Number.isSafeInteger(given) ? `${given}` : given;
  if (typeof text !== 'string' || !TASK_ID_PATTERN.test(text)) throw invalidProject();
  return text;
}

function invalidProject(): RunfleetError {
  return new RunfleetError(
    'invalid_request',
    'Request parameter [projectid] must be a project of your organisation',
  );
}
