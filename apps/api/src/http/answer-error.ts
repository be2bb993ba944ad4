import { isUnavailable } from '@runfleet/db';
import { ERRORS, type Refusal, RunfleetError } from '@runfleet/protocol';
import type { Logger } from '@runfleet/service';

import { type PlainAnswer, plainJson, responseOf, type Traced } from './answer.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';

const RETRY_AFTER_SECONDS = 1;

/** The wire's answer to an error, from the row of its kind. An unexpected error is logged. */
export function answerError(ctx: { logger: Logger }, c: Traced, error: unknown): Response {
  return responseOf(plainError(ctx, c, error));
}

export function plainError(ctx: { logger: Logger }, c: Traced, error: unknown): PlainAnswer {
  const expected = error instanceof RunfleetError ? error : toUnexpected(ctx, c, error);
  const { code, http } = ERRORS[expected.kind];
  c.var.trace.code = code;
  const { message, taskId, limit } = expected;
  const task = taskId === null ? {} : { taskid: taskId };
  const reached = limit === null ? {} : { limit };
  const body = { errors: [{ code, message }], ...task, ...reached, result: false as const };
  const answer = plainJson<Refusal>(c, body, http);
  const isTemporary = http === 503 || http === 429;
  const seconds = expected.retryAfterSeconds ?? (isTemporary ? RETRY_AFTER_SECONDS : null);
  if (seconds !== null) answer.headers['retry-after'] = String(seconds);
  if (limit !== null) Object.assign(answer.headers, rateLimitHeaders(limit, seconds));
  return answer;
}

function toUnexpected(ctx: { logger: Logger }, c: Traced, error: unknown): RunfleetError {
  const { requestId } = c.var.trace;
  const isOutage = isUnavailable(error);
  ctx.logger.error({ err: error, requestId, isOutage }, 'request failed');
  return isOutage
    ? new RunfleetError('unavailable', 'The service is not available right now. Try again shortly.')
    : new RunfleetError('internal', `Something went wrong on our side. Request id: ${requestId}`);
}
