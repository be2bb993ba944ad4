/** An api, as far as it ends tasks for callers. Runs call `createTask` directly. */
import type { Decision, TaskState } from '@runfleet/tasks/memory';

import { POOL } from '../pool.ts';
import type { Clients } from '../servers/sim-clients.ts';

/** Ends a task with `decideCancel` or `decideKill`. Returns whether this call ended it. */
export async function end(
  { store, queue }: Clients,
  taskId: string,
  decide: (state: TaskState) => Decision,
): Promise<boolean> {
  let workerId: string | null = null;
  const committed = await store.commit({
    taskId,
    readsWorkers: true,
    decide: (state) => {
      workerId = state.workerId;
      return decide(state);
    },
  });
  if ('refused' in committed) return false;
  if (workerId !== null) {
    queue.tell(workerId, { stop: taskId });
    queue.wake(POOL);
  }
  return true;
}
