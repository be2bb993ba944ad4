import type { Claim } from './carry-task.ts';
import { decideRequeue } from './decide.ts';
import type { RetriedFailure } from './failures.ts';
import { moveTask } from './move-task.ts';
import type { TaskStore } from './task-store.ts';

/**
 * The attempt ended for no fault of the caller's: another one, or a clear failure after too many.
 * Whether the task was still that attempt's.
 */
export function requeueTask(
  ctx: { store: TaskStore },
  claim: Claim,
  failure: RetriedFailure,
  detail = '',
): Promise<boolean> {
  const { taskId, epoch } = claim;
  return moveTask(ctx, taskId, (state, seen) =>
    decideRequeue(state, { epoch, failure, detail }, seen),
  );
}
