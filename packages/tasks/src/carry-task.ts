/** What a worker writes about a task that it carries. Each returns `fenced` where the task is no longer its own. */
import type { Db } from '@runfleet/db';

import { decideAccept, decideFinish, decideOutput, decideStart, type Output } from './decide.ts';
import type { Committed } from './plan-commit.ts';
import type { TaskRow } from './read-task.ts';
import type { TaskResult } from './task-state.ts';
import type { TaskStore } from './task-store.ts';

/** One attempt at a task. */
export type Claim = { taskId: string; epoch: number };

export type Carried = 'done' | 'fenced';

/** What a worker needs of a task to run it. None of it changes after the Run. */
export type TaskToRun = Pick<
  TaskRow,
  'id' | 'pool' | 'ownerId' | 'parameters' | 'seed' | 'timeoutSeconds'
>;

/** Confirms a ticket. Answers with the task, or null where the ticket is stale. */
export async function acceptTask(
  ctx: { store: TaskStore; db: Db },
  claim: Claim & { workerId: string },
): Promise<TaskToRun | null> {
  const [task, committed] = await Promise.all([
    readTaskToRun(ctx, claim.taskId),
    ctx.store.commit({
      taskId: claim.taskId,
      movesSlot: false,
      decide: (state) => decideAccept(state, claim),
    }),
  ]);
  return 'refused' in committed ? null : task;
}

async function readTaskToRun(ctx: { db: Db }, id: string): Promise<TaskToRun | null> {
  const [task] = await ctx.db.sql<TaskToRun[]>`
    select id, pool, owner_id as "ownerId", parameters, seed,
      timeout_seconds as "timeoutSeconds"
    from tasks where id = ${id}`;
  return task ?? null;
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
