import type { Db } from '@runfleet/db';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';
import type { TaskQueue } from '@runfleet/queue';

import { decideKill } from './life/decide.ts';
import { readTask, type TaskIdOrToken, type TaskRow } from './read/read-task.ts';
import type { TaskStore } from './store/task-store.ts';

/**
 * Ends a task at once, in any state that is not terminal (`onlyQueued`: only in the queue). A dead
 * worker cannot block it: the commit fences the worker, which is then told to free its slot.
 * Throws `task_not_found`, also for another tenant's task, and `not_cancellable`.
 */
export async function killTask(
  ctx: { store: TaskStore; queue: TaskQueue; db: Db },
  input: { organisationId: string; reference: TaskIdOrToken; onlyQueued: boolean },
): Promise<TaskRow> {
  const { organisationId, reference, onlyQueued } = input;
  const before = await readTask(ctx, { organisationId, reference });
  let workerId: string | null = null;
  const committed = await ctx.store.commit({
    taskId: before.id,
    readsWorkers: false,
    decide: (state) => {
      workerId = state.workerId;
      return decideKill(state, { onlyQueued });
    },
  });
  if ('refused' in committed) throw new RunfleetError('not_cancellable', MESSAGES.notCancellable);
  if (workerId !== null) {
    ctx.queue.tell(workerId, { stop: before.id });
  }
  return readTask(ctx, { organisationId, reference: { id: before.id } });
}
