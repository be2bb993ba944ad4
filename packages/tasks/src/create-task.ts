import type { CreatedTask, NewTask } from './life/new-task.ts';
import type { TaskStore } from './store/task-store.ts';

/**
 * Accepts a Run: task, hold, first events and idempotency key in one commit, then its place in the
 * queue. Throws `insufficient_balance`, `concurrency_limit` or `idempotency_mismatch`, and then
 * nothing was written. A repeat of an idempotent Run is answered with the task of the first one.
 */
export function createTask(ctx: { store: TaskStore }, task: NewTask): Promise<CreatedTask> {
  return ctx.store.create(task);
}
