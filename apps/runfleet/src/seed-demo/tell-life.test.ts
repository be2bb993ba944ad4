/** Compares a demo task's log with that of a task which the real verbs carried to the same end. */
import type { Db } from '@runfleet/db';
import { answerEnd } from '@runfleet/protocol';
import {
  acceptTask,
  appendOutput,
  assignTasks,
  createTask,
  failure,
  finishTask,
  cancelTask,
  killTask,
  readTask,
  requeueTask,
  startTask,
  type TaskStore,
} from '@runfleet/tasks';
import {
  aTask,
  aWorker,
  endPause,
  phi,
  type Tenant,
  testWithTasks as test,
} from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import { LOST_HOST } from './attempt.ts';
import { throwDice } from './dice.ts';
import { demoParameters, type Fate, tellLife } from './tell-life.ts';

type Ctx = { db: Db; store: TaskStore };
type Assignment = { taskId: string; epoch: number; workerId: string };

async function assigned(ctx: Ctx, taskId: string): Promise<Assignment> {
  const worker = await aWorker(ctx.store);
  const { assigned: tickets } = await assignTasks(ctx, [{ taskId, ...worker }]);
  const [ticket] = tickets;
  if (!ticket) throw new Error('The task was not assigned.');
  await acceptTask(ctx, ticket);
  return ticket;
}

async function saying(ctx: Ctx, taskId: string): Promise<Assignment> {
  const ticket = await assigned(ctx, taskId);
  await startTask(ctx, ticket);
  await appendOutput(ctx, ticket, { raw: 'Hi', tokens: 1, elapsedMs: 1 });
  return ticket;
}

const END = answerEnd({
  finishReason: 'stop',
  promptTokens: 1,
  cachedTokens: 0,
  completionTokens: 1,
  thinkingTokens: 0,
});
const answer = {
  ...failure('succeeded', ''),
  output: 'Hi',
  outputs: [
    {
      contenttype: 'raw' as const,
      content: { prompt: '', raw: 'Hi', thinking: [], answer: ['Hi'], ...END },
    },
  ],
};

/** Every event's type, epoch and payload fields; consecutive outputs count as one. */
function shapeOf(events: readonly { type: string; epoch: number; payload: unknown }[]) {
  return events
    .map(({ type, epoch, payload }) => ({ type, epoch, payload: fieldsOf(payload) }))
    .filter(({ type }, index, all) => type !== 'task_output' || all[index - 1]?.type !== type);
}

function fieldsOf(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return null;
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, fieldsOf(value)]),
  );
}

function reachedOf(times: Readonly<Record<string, bigint | null>>): string[] {
  const reached = Object.entries(times).filter(([, at]) => at !== null);
  return reached.map(([time]) => time).toSorted();
}

type Road = (ctx: Parameters<typeof killTask>[0], tenant: Tenant, id: string) => Promise<unknown>;

/** How a real task reaches the same end. */
const ROADS = {
  queued: () => Promise.resolve(),
  cancelled: (ctx, tenant, id) => cancelTask(ctx, { ...tenant, reference: { id } }),
  killed: async (ctx, tenant, id) => {
    await saying(ctx, id);
    await killTask(ctx, { ...tenant, reference: { id } });
  },
  rejected: async (ctx, _tenant, id) =>
    finishTask(ctx, await assigned(ctx, id), { result: failure('rejected', 'No.') }),
  answered: async (ctx, _tenant, id) => finishTask(ctx, await saying(ctx, id), { result: answer }),
  'answered at the second attempt': async (ctx, _tenant, id) => {
    await requeueTask(ctx, await saying(ctx, id), 'worker_lost', LOST_HOST);
    await finishTask(ctx, await saying(ctx, id), { result: answer });
  },
  'given up': async (ctx, _tenant, id) => {
    await requeueTask(ctx, await saying(ctx, id), 'worker_lost', LOST_HOST);
    await requeueTask(ctx, await saying(ctx, id), 'worker_lost', LOST_HOST);
    await endPause(ctx.db, id);
    const last = await assigned(ctx, id);
    await startTask(ctx, last);
    await requeueTask(ctx, last, 'worker_lost', LOST_HOST);
  },
} satisfies Partial<Record<Fate, Road>>;

test.for(Object.keys(ROADS) as (keyof typeof ROADS)[])(
  'a demo task that is %s has the log, the row and the money of a real one',
  async (fate, { db, store, queue, tenant }) => {
    const ctx = { db, store, queue };
    const { id } = await createTask(ctx, aTask(tenant));
    const reference = { id };
    const road: Road = ROADS[fate];
    await road(ctx, tenant, id);
    const real = await readTask(ctx, { ...tenant, reference });
    const realLog = await db.sql<{ type: string; epoch: number; payload: unknown }[]>`
      select type, epoch, payload from task_events where task_id = ${id} order by seq`;

    const dice = throwDice(3);
    const conversation = { prompt: 'Hello', answer: 'Hi there' };
    const task = { id, ...tenant, model: phi(), seed: 7n };
    const demo = tellLife(
      { ...task, ...demoParameters(fate, conversation, dice) },
      { fate, answer: conversation.answer, queuedAt: 1_700_000_000_000_000n },
      dice,
    );

    expect(shapeOf(demo.events)).toEqual(shapeOf(realLog));
    expect(demo.state).toMatchObject({
      status: real.status,
      epoch: real.epoch,
      outcome: real.outcome,
      infraAttempts: real.infraAttempts,
      held: real.held,
    });
    expect(reachedOf(demo.state.times)).toEqual(reachedOf(real.times));
    expect(fieldsOf(demo.patch?.receipt)).toEqual(fieldsOf(real.receipt));
    const moved = await db.sql<{ key: string; debit: string; credit: string }[]>`
      select business_key as key, debit, credit from transfers where task_id = ${id} order by id`;
    const demoMoved = demo.moved.flatMap(({ movement }) => movement.transfers);
    expect(
      demoMoved.map(({ businessKey: key, debit, credit }) => ({ key, debit, credit })),
    ).toEqual(moved);
  },
);
