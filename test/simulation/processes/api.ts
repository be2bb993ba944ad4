/** An api, as far as it ends tasks for callers. Runs call `createTask` directly. */
import { decideKill } from '@runfleet/tasks/memory';

import { POOL } from '../pool.ts';
import type { Clients } from '../servers/sim-clients.ts';

/** Returns whether this call ended the task. */
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
