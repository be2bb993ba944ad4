import type { TaskQueue } from '@runfleet/queue';

import type { TaskCommand } from './plan-commit.ts';
import type { TaskStore } from './task-store.ts';

/** Whether the task moved. A queued one is offered to the queue again. */
export async function moveTask(
  ctx: { store: TaskStore; queue: TaskQueue },
  taskId: string,
  decide: TaskCommand['decide'],
): Promise<boolean> {
  const committed = await ctx.store.commit({ taskId, movesSlot: true, decide });
  if ('refused' in committed) return false;
  const { id, status, pool, organisationId, notBefore } = committed.task;
  if (status !== 'task_queue') ctx.queue.wake(pool);
  else if (notBefore === null) ctx.queue.offer({ pool, organisationId, taskId: id });
  return true;
}
