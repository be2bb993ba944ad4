import type { TaskCommand } from './plan-commit.ts';
import type { TaskStore } from './task-store.ts';

/** Whether the task moved. */
export async function moveTask(
  ctx: { store: TaskStore },
  taskId: string,
  decide: TaskCommand['decide'],
): Promise<boolean> {
  const committed = await ctx.store.commit({ taskId, readsWorkers: true, decide });
  return !('refused' in committed);
}
