import { randomUUID } from 'node:crypto';

import { openEngine } from '@runfleet/engine';
import { openTicketTransport } from '@runfleet/queue';
import { createLogger, createMetrics } from '@runfleet/service';
import { assignTasks, createTask, killTask, readTask } from '@runfleet/tasks';
import { aTask, phi, testWithTasks } from '@runfleet/tasks/testing';
import { expect, vi } from 'vitest';

import type { WorkerContext } from './context.ts';
import { workerMetrics } from './metrics.ts';
import { type Runs, Worker } from './worker.ts';

const RENEW_MS = 50;
const TOKEN_MS = 20;

const test = testWithTasks
  .extend('tickets', ({ redisUrl }, { onCleanup }) => {
    const tickets = openTicketTransport({ url: redisUrl, kind: 'lists' });
    onCleanup(() => tickets[Symbol.asyncDispose]());
    return tickets;
  })
  .extend('worker', async ({ db, store, queue, tickets }, { onCleanup }) => {
    const runs: Runs = new Map();
    const ctx: WorkerContext = {
      workerId: randomUUID(),
      pool: phi().pool,
      db,
      store,
      queue,
      engine: await openEngine({ kind: 'echo', slots: 4, tokenDelayMs: TOKEN_MS }),
      limits: { maxTokens: 1_000, maxTimeoutSeconds: 3_600 },
      logger: createLogger({ role: 'worker', level: 'silent' }),
      metrics: workerMetrics(createMetrics({ role: 'worker' }), { slots: 4, running: () => 0 }),
    };
    const device = { engine: 'echo', model: 'echo', provider: '', device: '', version: '' };
    const registration = { host: 'h', slots: 4, device };
    const worker = new Worker(ctx, {
      tickets,
      registration,
      drainSeconds: 0,
      runs,
      renewMs: RENEW_MS,
    });
    await worker.start();
    onCleanup(async () => {
      await worker[Symbol.asyncDispose]();
      await ctx.engine[Symbol.asyncDispose]();
    });
    return { id: ctx.workerId, runs };
  })
  .extend('bound', async ({ store, queue, tenant, worker }) => {
    // A long answer, bound to the worker by a broker whose ticket was lost.
    const parameters = { prompt: 'word '.repeat(500) };
    const { id } = await createTask({ store, queue }, aTask(tenant, { parameters }));
    const placement = { taskId: id, workerId: worker.id, generation: 1 };
    const { assigned } = await assignTasks({ store }, [placement]);
    const ticket = assigned[0];
    if (!ticket) throw new Error('The task was not assigned.');
    return ticket;
  });

test('a lost ticket costs one renewal', async ({ db, tenant, bound }) => {
  const reference = { id: bound.taskId };
  await vi.waitFor(async () => {
    expect(await readTask({ db }, { ...tenant, reference })).toMatchObject({
      status: 'task_start',
    });
  });
});

test('a lost kill costs one renewal: the run stops and its slot is free', async ({
  db,
  store,
  queue,
  tenant,
  worker,
  bound,
}) => {
  await vi.waitFor(() => expect(worker.runs.size).toBe(1));
  const withoutNotices = { ...queue, tell: () => {} };
  const reference = { id: bound.taskId };
  const input = { ...tenant, reference, onlyQueued: false };
  await killTask({ db, store, queue: withoutNotices }, input);
  await vi.waitFor(() => expect(worker.runs.size).toBe(0));
  const task = await readTask({ db }, { ...tenant, reference });
  expect(task).toMatchObject({ status: 'task_cancel', totalCost: 0n });
});

test('a task that Postgres binds to the worker but that it does not carry is given up by it', async ({
  db,
  tenant,
  worker,
  bound,
}) => {
  const reference = { id: bound.taskId };
  const read = () => readTask({ db }, { ...tenant, reference });
  await vi.waitFor(async () => expect((await read()).status).toBe('task_start'));
  // As after a run that broke off in a way that nobody foresaw.
  worker.runs.delete(bound.taskId);
  await vi.waitFor(async () => {
    expect(await read()).toMatchObject({ status: 'task_queue', infraAttempts: 1, workerId: null });
  });
});

test('a worker that was declared lost stops its runs and registers anew', async ({
  db,
  worker,
  bound,
}) => {
  await vi.waitFor(() => expect(worker.runs.get(bound.taskId)).toBeDefined());
  await db.sql`update workers set state = 'lost' where id = ${worker.id}`;
  await vi.waitFor(async () => {
    const [row] = await db.sql<{ state: string; generation: number }[]>`
      select state, generation from workers where id = ${worker.id}`;
    expect(row).toEqual({ state: 'ready', generation: 2 });
  });
  await vi.waitFor(() => expect(worker.runs.size).toBe(0));
});
