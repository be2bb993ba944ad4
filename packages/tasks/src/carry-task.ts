/** What a worker writes about a task that it carries. Each returns `fenced` where the task is no longer its own. */
import type { Db } from '@runfleet/db';

import { decideAccept, decideFinish, decideOutput, decideStart, type Output } from './decide.ts';
import { readTask, type TaskRow } from './read-task.ts';
import type { TaskResult } from './task-state.ts';
import type { Committed, TaskStore } from './task-store.ts';

/** One attempt at a task. */
export type Claim = { taskId: string; epoch: number };

export type Carried = 'done' | 'fenced';

/** Confirms a ticket. Answers with the task, or null where the ticket is stale. */
export async function acceptTask(
  ctx: { store: TaskStore; db: Db },
  claim: Claim & { workerId: string },
): Promise<TaskRow | null> {
  const committed = await ctx.store.commit({
    taskId: claim.taskId,
    movesSlot: false,
    decide: (state) => decideAccept(state, claim),
  });
  if ('refused' in committed) return null;
  const { organisationId, id } = committed.task;
  return readTask(ctx, { organisationId, reference: { id } });
}

export function startTask(ctx: { store: TaskStore }, claim: Claim): Promise<Carried> {
  return carried(
    ctx.store.commit({
      taskId: claim.taskId,
      movesSlot: false,
      decide: (state) => decideStart(state, claim),
    }),
  );
}

export function appendOutput(
  ctx: { store: TaskStore },
  claim: Claim,
  output: Output,
): Promise<Carried> {
  return carried(
    ctx.store.commit({
      taskId: claim.taskId,
      movesSlot: false,
      decide: (state) => decideOutput(state, { epoch: claim.epoch, ...output }),
    }),
  );
}

/** Terminal state, settlement, events and files in one commit; a repeat gives the same answer. */
export function finishTask(
  ctx: { store: TaskStore },
  claim: Claim,
  end: { result: TaskResult; lastOutput?: Output | undefined },
): Promise<Carried> {
  return carried(
    ctx.store.commit({
      taskId: claim.taskId,
      movesSlot: true,
      decide: (state) => decideFinish(state, { epoch: claim.epoch, ...end }),
    }),
  );
}

async function carried(committed: Promise<Committed>): Promise<Carried> {
  return 'refused' in (await committed) ? 'fenced' : 'done';
}
