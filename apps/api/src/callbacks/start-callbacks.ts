import { CALLBACK_LIMITS, CallbackSender, type ClaimedDelivery } from '@runfleet/callbacks';
import { readTask } from '@runfleet/tasks';

import type { ApiContext } from '../api-context.ts';
import { emptyTaskAnswer, taskAnswer } from '../wire/task-wire.ts';
import { callbackMetrics } from './callback-metrics.ts';

/** Sends callbacks, at most `atOnce` at a time, until disposed. */
export function startCallbacks(ctx: ApiContext, atOnce: number): AsyncDisposable {
  const metrics = callbackMetrics(ctx.metrics);
  return new CallbackSender({
    jobs: ctx.callbackJobs,
    atOnce,
    ctx: {
      db: ctx.db,
      masterKey: ctx.masterKey,
      outbound: ctx.outbound,
      limits: CALLBACK_LIMITS,
      readBody: (delivery) => readBody(ctx, delivery),
    },
    onEnd: ({ result, durationMs }) => metrics.attempted(result, durationMs / 1_000),
    onError: (err) => ctx.logger.warn({ err }, 'callback attempt failed; retrying'),
  });
}

/**
 * What Task/Detail answers now. The end of a task is final, so this is what it was at the end, unless
 * the caller has deleted the contents in between: deleted contents are not sent.
 */
async function readBody(
  ctx: ApiContext,
  { organisationId, taskId }: ClaimedDelivery,
): Promise<string> {
  if (taskId === null) return JSON.stringify(emptyTaskAnswer());
  const task = await readTask(ctx, { organisationId, reference: { id: taskId } });
  return JSON.stringify(taskAnswer(task, ctx));
}
