import type { TaskQueue } from '@runfleet/queue';

import type { Claim } from './carry-task.ts';
import {
  type Decision,
  decideExpire,
  decideHandBack,
  decideRequeue,
  decideReturn,
} from './decide.ts';
import type { TaskState } from './task-state.ts';
import type { TaskStore } from './task-store.ts';

type Ctx = { store: TaskStore; queue: TaskQueue };

/** The attempt ended for no fault of the caller's: another one, or a clear failure after too many. */
export function requeueTask(ctx: Ctx, claim: Claim, reason: string): Promise<boolean> {
  return move(ctx, claim, (state) => decideRequeue(state, { epoch: claim.epoch, reason }));
}

/** No worker took the ticket in time: back to the queue without counting an attempt. */
export function returnTask(ctx: Ctx, claim: Claim, reason: string): Promise<boolean> {
  return move(ctx, claim, (state) => decideReturn(state, { epoch: claim.epoch, reason }));
}

/** A worker that stops gives back what it cannot finish; no attempt is counted. */
export function handBackTask(ctx: Ctx, claim: Claim, reason: string): Promise<boolean> {
  return move(ctx, claim, (state) => decideHandBack(state, { epoch: claim.epoch, reason }));
}

/** Nobody reports and the deadline is past: the task ends, and is not charged. */
export function expireTask(ctx: Ctx, claim: Claim, reason: string): Promise<boolean> {
  return move(ctx, claim, (state) => decideExpire(state, { epoch: claim.epoch, reason }));
}

/** Whether the task moved. A queued one is offered to the queue again. */
async function move(
  ctx: Ctx,
  claim: Claim,
  decide: (state: TaskState) => Decision,
): Promise<boolean> {
  const committed = await ctx.store.commit({ taskId: claim.taskId, movesSlot: true, decide });
  if ('refused' in committed) return false;
  const { id: taskId, status, pool, organisationId } = committed.task;
  if (status === 'task_queue') ctx.queue.offer({ pool, organisationId, taskId });
  else ctx.queue.wake(pool);
  return true;
}
