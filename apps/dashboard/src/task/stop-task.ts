import { RunfleetApiError, type RunfleetClient } from '@runfleet/client';
import { INITIAL_STATUS, type TaskStatus } from '@runfleet/protocol';

/** Stops a task: Cancel while it is queued, else Kill. */
export async function stopTask(
  client: RunfleetClient,
  task: { id: string; status: TaskStatus },
): Promise<void> {
  if (task.status === INITIAL_STATUS) {
    try {
      await client.cancel({ taskId: task.id });
      return;
    } catch (problem) {
      // It left the queue between the click and the call. Other errors reach the caller.
      if (!(problem instanceof RunfleetApiError) || problem.code !== 1) throw problem;
    }
  }
  await client.kill({ taskId: task.id });
}
