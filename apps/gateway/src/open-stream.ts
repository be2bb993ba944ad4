import type { IncomingMessage, ServerResponse } from 'node:http';

import { type HeaderReader, readCredentials } from '@runfleet/identity';
import { MESSAGES, RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';
import { z } from 'zod';

import { EventStream } from './event-stream.ts';
import { findTask } from './find-task.ts';
import type { GatewayContext } from './gateway-context.ts';
import { refuse } from './refuse.ts';
import type { FollowedTask } from './render-frame.ts';
import { subscriptionOptionsOf } from './upstream.ts';

/** A seq in decimal digits; `Number` alone would also accept `1e3`, `0x10` and blanks. */
const seq = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

const streamQuery = z.object({
  tasktoken: z.string().optional(),
  mode: z.enum(['cumulative', 'delta']).default('delta'),
  after: seq.default(0),
  billing: z.stringbool().default(false),
  'last-event-id': seq.optional(),
});

/** Finds the task by its token, or by its project's key if no token was given. Null if the caller may not see it. */
type Authority = { find(signal: AbortSignal): Promise<FollowedTask | null>; notFound: string };

/** `GET /v1/tasks/{id}/events`: sends one task's log as server-sent events until the task has ended. */
export async function openStream(
  ctx: GatewayContext,
  target: { taskId: string; url: URL; ip: string; address: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { taskId, url, ip, address } = target;
  const lastEventId = request.headers['last-event-id'];
  const query = streamQuery.safeParse({
    ...Object.fromEntries(url.searchParams),
    // Browsers send an empty one before they have received an event.
    ...(lastEventId ? { 'last-event-id': lastEventId } : {}),
  });
  if (!query.success) {
    const names = query.error.issues.map(({ path }) => `[${path.join('.')}]`).join(', ');
    return refuse(response, 'invalid_request', `Request parameter ${names} missing or wrong`);
  }
  const refusal = ctx.connections.refusalOf(address);
  if (refusal) return refuse(response, refusal.kind, refusal.message, refusal);

  const headers: HeaderReader = { get: (name) => request.headersDistinct[name]?.join(', ') };
  const { tasktoken, 'last-event-id': resumed, ...options } = query.data;
  const authority: Authority =
    tasktoken === undefined
      ? {
          find: () => ctx.projects.findTask({ headers, ip }, taskId),
          notFound: MESSAGES.taskNotFound,
        }
      : {
          find: (signal) => findTask(ctx.readTaskId, tasktoken, signal),
          notFound: MESSAGES.tokenInvalid,
        };
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const task = TASK_ID_PATTERN.test(taskId) ? await findOrRefusal(authority, gone.signal) : null;
  if (gone.signal.aborted) return;
  // A pipelined request behind another stream would not notice that its client disconnected.
  if (response.socket === null) return void request.socket.destroy();
  if (task instanceof RunfleetError || task?.id !== taskId) {
    const waitMs = ctx.badTokens.take(address);
    if (waitMs > 0) {
      return refuse(response, 'rate_limited', 'Too many refused requests from your address.', {
        waitMs,
      });
    }
    return task instanceof RunfleetError
      ? refuse(response, task.kind, task.message)
      : refuse(response, 'task_not_found', authority.notFound, { status: 404 });
  }

  const stream = new EventStream(ctx, { response, address }, task, {
    ...subscriptionOptionsOf({ ...options, after: resumed ?? options.after }),
    // A browser that resumes after the last event gets 204, which ends its stream.
    repeatsEnd: false,
  });
  ctx.connections.add(stream);
  response.once('close', () => ctx.connections.remove(stream));
  if (tasktoken === undefined && readCredentials(headers) !== null) {
    response.once('close', ctx.projects.endWhenRevoked(stream, headers));
  }
  stream.start();
}

async function findOrRefusal(
  authority: Authority,
  signal: AbortSignal,
): Promise<FollowedTask | null | RunfleetError> {
  try {
    return await authority.find(signal);
  } catch (error) {
    if (error instanceof RunfleetError) return error;
    throw error;
  }
}
