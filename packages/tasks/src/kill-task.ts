import type { Db } from '@runfleet/db';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';
import type { TaskQueue } from '@runfleet/queue';

import { decideCancel, decideKill, type Decision } from './life/decide.ts';
import type { TaskState } from './life/task-state.ts';
import { readTask, type TaskIdOrToken, type TaskRow } from './read/read-task.ts';
import type { TaskStore } from './store/task-store.ts';

type Context = { store: TaskStore; queue: TaskQueue; db: Db };
type Input = { organisationId: string; reference: TaskIdOrToken };

/**
 * Ends a task at once, in any state that is not terminal. A dead worker cannot block it: the commit
 * fences the worker, which is then told to free its slot.
 * Throws `task_not_found`, also for another tenant's task, and `not_cancellable`.
 */
export function killTask(ctx: Context, input: Input): Promise<TaskRow> {
  return endTask(ctx, input, decideKill);
}

/** Ends a task that is still in the queue. Throws as `killTask` does. */
export function cancelTask(ctx: Context, input: Input): Promise<TaskRow> {
  return endTask(ctx, input, decideCancel);
}

async function endTask(
  ctx: Context,
  { organisationId, reference }: Input,
  decide: (state: TaskState) => Decision,
): Promise<TaskRow> {
  const before = await readTask(ctx, { organisationId, reference });
  let workerId: string | null = null;
  const committed = await ctx.store.commit({
    taskId: before.id,
    readsWorkers: false,
    decide: (state) => {
      workerId = state.workerId;
      return decide(state);
    },
  });
  if ('refused' in committed) throw new RunfleetError('not_cancellable', MESSAGES.notCancellable);
  if (workerId !== null) {
    ctx.queue.tell(workerId, { stop: before.id });
  }
  return readTask(ctx, { organisationId, reference: { id: before.id } });
}
