import { randomUUID } from 'node:crypto';

import { openEngine } from '@runfleet/engine';
import { openTicketTransport } from '@runfleet/queue';
import { createLogger, createMetrics } from '@runfleet/service';
import {
  assignTasks,
  createTask,
  killTask,
  openRunReader,
  readHistory,
  readTask,
} from '@runfleet/tasks';
import { aTask, phi, testWithTasks } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import type { WorkerContext } from './context.ts';
import { workerMetrics } from './metrics.ts';
import { ModelHost } from './models/model-host.ts';
import { type Runs, Worker } from './worker.ts';

const RENEW_MS = 50;
const TOKEN_MS = 20;

const test = testWithTasks
  .extend('tickets', ({ redisUrl }, { onCleanup }) => {
    const tickets = openTicketTransport({ url: redisUrl, kind: 'lists' });
    onCleanup(() => tickets[Symbol.asyncDispose]());
    return tickets;
  })
  .extend(
    'start',
    ({ db, store, queue, tickets }, { onCleanup }) =>
      async (drainSeconds: number) => {
        const runs: Runs = new Map();
        const logger = createLogger({ role: 'worker', level: 'silent' });
        const open = () => openEngine({ kind: 'echo', slots: 4, tokenDelayMs: TOKEN_MS });
        const models = new ModelHost({
          models: [{ pool: phi().pool, name: 'phi', bytes: 0, open }],
          memoryBytes: null,
          logger,
          onChange: () => {},
        });
        const ctx: WorkerContext = {
          workerId: randomUUID(),
          store,
          readRun: openRunReader({ db }),
          readHistory: (task) => readHistory({ db }, task),
          queue,
          models,
          limits: { maxTokens: 1_000, maxTimeoutSeconds: 3_600 },
          historyTokensMax: 1_000,
          logger,
          metrics: workerMetrics(createMetrics({ role: 'worker' }), { slots: 4, running: () => 0 }),
        };
        const registration = { host: 'h', slots: 4, labels: [], device: {} };
        const worker = new Worker(ctx, {
          tickets,
          registration,
          drainSeconds,
          runs,
          renewMs: RENEW_MS,
        });
        await worker.start();
        onCleanup(() => models[Symbol.asyncDispose]());
        return { id: ctx.workerId, runs, stop: () => worker[Symbol.asyncDispose]() };
      },
  )
  .extend('worker', async ({ start }, { onCleanup }) => {
    const worker = await start(0);
    onCleanup(worker.stop);
    return worker;
  })
  .extend('bound', async ({ store, tenant, worker }) => {
    // A task with a long answer, assigned to the worker, whose ticket was lost.
    const parameters = { prompt: 'word '.repeat(500) };
    const { id } = await createTask({ store }, aTask(tenant, { parameters }));
    const placement = { taskId: id, workerId: worker.id, generation: 1 };
    const { assigned } = await assignTasks({ store }, [placement]);
    const ticket = assigned[0];
    if (!ticket) throw new Error('The task was not assigned.');
    return ticket;
  });

test('a lost ticket costs one renewal', async ({ db, tenant, bound }) => {
  const reference = { id: bound.taskId };
  await eventually(async () => {
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
  await eventually(() => expect(worker.runs.size).toBe(1));
  const withoutNotices = { ...queue, tell: () => {} };
  const reference = { id: bound.taskId };
  const input = { ...tenant, reference };
  await killTask({ db, store, queue: withoutNotices }, input);
  await eventually(() => expect(worker.runs.size).toBe(0));
  const task = await readTask({ db }, { ...tenant, reference });
  expect(task).toMatchObject({ status: 'task_cancel', totalCost: 0n });
});

test('a worker requeues a task that is bound to it but that it does not run', async ({
  db,
  tenant,
  worker,
  bound,
}) => {
  const reference = { id: bound.taskId };
  const read = () => readTask({ db }, { ...tenant, reference });
  await eventually(async () => expect((await read()).status).toBe('task_start'));
  // As after an unforeseen failure of the run.
  worker.runs.delete(bound.taskId);
  await eventually(async () => {
    expect(await read()).toMatchObject({ status: 'task_queue', infraAttempts: 1, workerId: null });
  });
});

test('a lost worker stops its runs and registers again', async ({ db, worker, bound }) => {
  await eventually(() => expect(worker.runs.get(bound.taskId)).toBeDefined());
  await db.sql`update workers set state = 'lost' where id = ${worker.id}`;
  await eventually(async () => {
    const [row] = await db.sql<{ state: string; generation: number }[]>`
      select state, generation from workers where id = ${worker.id}`;
    expect(row).toEqual({ state: 'ready', generation: 2 });
  });
  await eventually(() => expect(worker.runs.size).toBe(0));
});

test('a worker whose drain was not committed retries it, and gets no new tasks while it finishes', async ({
  db,
  store,
  tenant,
  start,
}) => {
  const worker = await start(60);
  const { id } = await createTask(
    { store },
    aTask(tenant, { parameters: { prompt: 'word '.repeat(50) } }),
  );
  await assignTasks({ store }, [{ taskId: id, workerId: worker.id, generation: 1 }]);
  await eventually(() => expect(worker.runs.size).toBe(1));

  const changeWorker = store.changeWorker.bind(store);
  store.changeWorker = async () => {
    store.changeWorker = changeWorker;
    throw Object.assign(new Error('The connection broke.'), { code: 'CONNECTION_CLOSED' });
  };
  const stopped = worker.stop();
  await eventually(async () => {
    const [row] = await db.sql`select state from workers where id = ${worker.id}`;
    expect(row).toEqual({ state: 'draining' });
  });
  await stopped;
  const task = await readTask({ db }, { ...tenant, reference: { id } });
  expect(task).toMatchObject({ status: 'task_postprocess_end', pexit: '0' });
});
