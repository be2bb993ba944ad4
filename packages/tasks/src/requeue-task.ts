import type { Ticket } from '@runfleet/queue';

import { decideRequeue } from './life/decide.ts';
import type { RetriedFailure } from './life/failures.ts';
import type { TaskStore } from './store/task-store.ts';

/**
 * Ends an attempt that failed through no fault of the caller: the task is retried, or fails after too
 * many attempts. Returns false where the task no longer belongs to that attempt.
 */
export async function requeueTask(
  ctx: { store: TaskStore },
  ticket: Ticket,
  failure: RetriedFailure,
  detail = '',
): Promise<boolean> {
  const { taskId, epoch } = ticket;
  const committed = await ctx.store.commit({
    taskId,
    readsWorkers: true,
    decide: (state, snapshot) => decideRequeue(state, { epoch, failure, detail }, snapshot),
  });
  return !('refused' in committed);
}
