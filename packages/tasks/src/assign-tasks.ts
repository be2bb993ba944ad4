import type { Ticket } from '@runfleet/queue';

import { decideAssign } from './life/decide.ts';
import type { TaskStore } from './store/task-store.ts';

export type Placement = { taskId: string; workerId: string; generation: number };

/**
 * Binds queued tasks to workers' slots. `assigned` are the tickets to send; `unplaced` found no
 * slot and belong back in line; `gone` wait no more, or not now, and nothing runs of them.
 */
export async function assignTasks(
  ctx: { store: TaskStore },
  placements: readonly Placement[],
): Promise<{
  assigned: (Ticket & { workerId: string })[];
  unplaced: { taskId: string }[];
  gone: { taskId: string }[];
}> {
  const results = await Promise.all(
    placements.map(({ taskId, workerId, generation }) =>
      ctx.store.commit({
        taskId,
        workerId,
        readsWorkers: true,
        decide: (state, snapshot) => decideAssign(state, { generation }, snapshot),
      }),
    ),
  );
  const assigned: (Ticket & { workerId: string })[] = [];
  const unplaced: { taskId: string }[] = [];
  const gone: { taskId: string }[] = [];
  for (const [index, result] of results.entries()) {
    const taskId = placements[index]?.taskId ?? '';
    if (!('refused' in result)) {
      const { epoch, workerId } = result.task;
      if (workerId !== null) assigned.push({ taskId, epoch, workerId });
    } else if (result.refused === 'no_slot') {
      unplaced.push({ taskId });
    } else if (!result.task || result.task.workerId === null) {
      gone.push({ taskId });
    }
  }
  return { assigned, unplaced, gone };
}
