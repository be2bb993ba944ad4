import type { TaskQueue } from '@runfleet/queue';

import type { NewTask } from './new-task.ts';
import type { TaskStore } from './task-store.ts';

/**
 * Accepts a Run: task, hold and first events in one commit, then its place in the queue. Throws
 * `insufficient_balance` or `concurrency_limit`, and then nothing was written.
 *
 * The queue insert is best effort and not awaited by the caller's answer: what is committed will
 * run, since a broker indexes whatever the queue missed.
 */
export async function createTask(
  ctx: { store: TaskStore; queue: TaskQueue },
  task: NewTask,
): Promise<{ id: string; token: string }> {
  const created = await ctx.store.create(task);
  ctx.queue.offer({
    pool: task.model.pool,
    organisationId: task.organisationId,
    taskId: created.id,
  });
  return created;
}
