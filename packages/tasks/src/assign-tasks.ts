import type { Ticket } from '@runfleet/queue';

import { decideAssign } from './decide.ts';
import type { TaskStore } from './task-store.ts';

export type Placement = { taskId: string; workerId: string; generation: number };

/**
 * Binds queued tasks to workers' slots. `assigned` are the tickets to send; `unplaced` found no
 * slot and belong back in the queue; a task that was not queued any more is in neither.
 */
export async function assignTasks(
  ctx: { store: TaskStore },
  placements: readonly Placement[],
): Promise<{
  assigned: (Ticket & { workerId: string })[];
  unplaced: { taskId: string; organisationId: string }[];
}> {
  const results = await Promise.all(
    placements.map(({ taskId, workerId, generation }) =>
      ctx.store.commit({
        taskId,
        workerId,
        movesSlot: true,
        decide: (state, seen) => decideAssign(state, { generation }, seen),
      }),
    ),
  );
  const assigned: (Ticket & { workerId: string })[] = [];
  const unplaced: { taskId: string; organisationId: string }[] = [];
  for (const result of results) {
    if (!('refused' in result)) {
      const { id: taskId, epoch, workerId } = result.task;
      if (workerId !== null) assigned.push({ taskId, epoch, workerId });
    } else if (result.refused === 'no_slot' && result.task) {
      unplaced.push({ taskId: result.task.id, organisationId: result.task.organisationId });
    }
  }
  return { assigned, unplaced };
}
