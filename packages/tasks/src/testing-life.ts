/** How tests carry tasks, and what they look at afterwards. */
import { readAccount } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { formatUsd } from '@runfleet/protocol';
import type { Ticket } from '@runfleet/queue';
import { expect } from 'vitest';

import { assignTasks } from './assign-tasks.ts';
import { acceptTask, startTask } from './carry-task.ts';
import { failure } from './life/decide.ts';
import type { TaskResult } from './life/task-state.ts';
import type { TaskStore } from './store/task-store.ts';

export const answer: TaskResult = {
  ...failure('succeeded', ''),
  finishReason: 'stop',
  output: 'Hi there',
  outputs: [{ contenttype: 'raw', content: { prompt: '', raw: 'Hi', thinking: [], answer: [] } }],
  weights: 'tiny',
  device: 'cpu',
  promptTokens: 3,
  completionTokens: 2,
};

export async function assigned(
  ctx: { store: TaskStore },
  taskId: string,
  worker: { workerId: string; generation: number },
): Promise<Ticket & { workerId: string }> {
  const { assigned: tickets } = await assignTasks(ctx, [{ taskId, ...worker }]);
  const ticket = tickets[0];
  if (!ticket) throw new Error(`Task ${taskId} was not assigned.`);
  return ticket;
}

export async function preparing(
  ctx: { store: TaskStore },
  taskId: string,
  worker: { workerId: string; generation: number },
) {
  const ticket = await assigned(ctx, taskId, worker);
  await acceptTask(ctx, ticket);
  return ticket;
}

export async function running(
  ctx: { store: TaskStore },
  taskId: string,
  worker: { workerId: string; generation: number },
) {
  const ticket = await preparing(ctx, taskId, worker);
  await startTask(ctx, ticket);
  return ticket;
}

export async function logOf(db: Db, taskId: string) {
  return db.sql<{ seq: number; type: string; epoch: number; at: bigint }[]>`
    select seq, type, epoch, at from task_events where task_id = ${taskId} order by seq`;
}

export async function usedSlots(db: Db, workerId: string): Promise<number> {
  const [row] = await db.sql<{ used: number }[]>`select used from workers where id = ${workerId}`;
  return row?.used ?? -1;
}

/** Every transfer's debit and credit, summed per ledger account: what the account rows must equal. */
async function ledgerOf(db: Db, organisationId: string) {
  const [row] = await db.sql<{ available: string; held: string; all: string }[]>`
    with sides as (
      select credit as account, amount from transfers where organisation_id = ${organisationId}
      union all
      select debit, -amount from transfers where organisation_id = ${organisationId}
    )
    select
      coalesce(sum(amount) filter (where account like 'customer:%'), 0)::numeric(24,12) as available,
      coalesce(sum(amount) filter (where account like 'held:%'), 0)::numeric(24,12) as held,
      coalesce(sum(amount), 0)::numeric(24,12) as all
    from sides`;
  return row;
}

export async function expectBalancedBooks(db: Db, organisationId: string) {
  const account = await readAccount({ db }, organisationId);
  expect(await ledgerOf(db, organisationId)).toEqual({
    available: formatUsd(account.balance - account.held),
    held: formatUsd(account.held),
    all: formatUsd(0n),
  });
  return account;
}

/** Lets so many pulses pass. */
export async function pass(db: Db, pulses: number): Promise<void> {
  await db.sql`update pulse set n = n + ${pulses}`;
}
