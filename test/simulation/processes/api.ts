/** An api's share of a task's life: it ends tasks as callers ask. Runs are `createTask` itself. */
import { decideKill } from '@runfleet/tasks/memory';

import { POOL } from '../pool.ts';
import type { Clients } from '../servers/sim-clients.ts';

/** Whether the task was ended by this call. */
export async function end(
  { store, queue }: Clients,
  task: { id: string; onlyQueued: boolean },
): Promise<boolean> {
  let workerId: string | null = null;
  const committed = await store.commit({
    taskId: task.id,
    readsWorkers: true,
    decide: (state) => {
      workerId = state.workerId;
      return decideKill(state, task);
    },
  });
  if ('refused' in committed) return false;
  if (workerId !== null) {
    queue.tell(workerId, { stop: task.id });
    queue.wake(POOL);
  }
  return true;
}
