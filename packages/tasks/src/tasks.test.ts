import { cpsOf, readAccount } from '@runfleet/billing';
import { formatUsd, parseUsd } from '@runfleet/protocol';
import { describe, expect } from 'vitest';

import { assignTasks } from './assign-tasks.ts';
import { acceptTask, appendOutput, finishTask, startTask } from './carry-task.ts';
import { createTask } from './create-task.ts';
import { killTask } from './kill-task.ts';
import { failure } from './life/decide.ts';
import { readTask } from './read/read-task.ts';
import { requeueTask } from './requeue-task.ts';
import { openTaskStore } from './store/task-store.ts';
import {
  answer,
  assigned,
  expectBalancedBooks,
  logOf,
  preparing,
  running,
  usedSlots,
} from './testing-life.ts';
import { aTask, aWorker, createTenant, testWithTasks as test } from './testing.ts';
import { repair } from './upkeep/reconcile.ts';

const ROAD = [
  'task_queue',
  'task_cost',
  'task_assign',
  'task_accept',
  'task_preprocess_start',
  'task_preprocess_end',
  'task_start',
  'task_output',
  'task_output_full',
  'task_end',
  'task_postprocess_start',
  'task_cost',
  'task_postprocess_end',
];

describe('the road of a task', () => {
  test('a success walks every state in order, with a gapless log whose times never run back', async ({
    ctx,
    db,
    store,
    tenant,
    announced,
  }) => {
    const { id } = await createTask(ctx, aTask(tenant));
    const ticket = await running(ctx, id, await aWorker(store));
    const lastOutput = { raw: 'Hi there', tokens: 2, elapsedMs: 5 };
    expect(await finishTask(ctx, ticket, { result: answer, lastOutput })).toBe('done');

    const log = await logOf(db, id);
    expect(log.map(({ type }) => type)).toEqual(ROAD);
    expect(log.map(({ seq }) => seq)).toEqual(ROAD.map((_, index) => index + 1));
    const times = log.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => Number(a - b)));
    expect(announced.map(({ type }) => type)).toEqual(ROAD);
  });

  test('what it cost is elapsed seconds times the price to the last digit, and the hold returns', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const { id } = await createTask(ctx, aTask(tenant));
    expect((await readAccount(ctx, tenant.organisationId)).held).toBe(parseUsd('0.1755'));
    const ticket = await running(ctx, id, await aWorker(store));
    await finishTask(ctx, ticket, { result: answer });

    const task = await readTask(ctx, { ...tenant, reference: { id } });
    const elapsed = (task.times.endedAt ?? 0n) - (task.times.acceptedAt ?? 0n);
    expect(task.totalCost).toBe((elapsed / 100n) * (parseUsd(cpsOf(task.price)) / 10_000n));
    expect(task.receipt).toMatchObject({ cost: formatUsd(task.totalCost), finishReason: 'stop' });
    // Clients see the outputs' keys in the order they were written in.
    expect(JSON.stringify(task.outputs)).toBe(JSON.stringify(answer.outputs));
    const account = await expectBalancedBooks(db, tenant.organisationId);
    expect(account).toEqual({
      balance: parseUsd('1000') - task.totalCost,
      held: 0n,
      activeTasks: 0,
    });
  });

  test.for(['failed', 'rejected', 'expired'] as const)(
    'a task that %s costs nothing and returns its hold',
    async (outcome, { ctx, db, store, tenant }) => {
      const { id } = await createTask(ctx, aTask(tenant));
      const worker = await aWorker(store);
      const ticket = await assigned(ctx, id, worker);
      await acceptTask(ctx, ticket);
      await finishTask(ctx, ticket, { result: failure(outcome, 'No.') });

      const task = await readTask(ctx, { ...tenant, reference: { id } });
      expect(task).toMatchObject({
        status: 'task_postprocess_end',
        outcome,
        totalCost: 0n,
        debugError: 'No.',
      });
      expect(task.pexit).not.toBe('0');
      const log = await logOf(db, id);
      expect(log.slice(-6).map(({ type }) => type)).toEqual([
        'task_error',
        'task_error_full',
        'task_end',
        'task_postprocess_start',
        'task_cost',
        'task_postprocess_end',
      ]);
      expect(await usedSlots(db, worker.workerId)).toBe(0);
      const account = await expectBalancedBooks(db, tenant.organisationId);
      expect(account).toEqual({ balance: parseUsd('1000'), held: 0n, activeTasks: 0 });
    },
  );
});

describe('the fence', () => {
  test('a requeued task refuses everything its former worker writes', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const { id } = await createTask(ctx, aTask(tenant));
    const zombie = await running(ctx, id, await aWorker(store));
    expect(await requeueTask(ctx, zombie, 'worker_lost')).toBe(true);

    const output = { raw: 'late', tokens: 1, elapsedMs: 1 };
    expect(await appendOutput(ctx, zombie, output)).toBe('fenced');
    expect(await startTask(ctx, zombie)).toBe('fenced');
    expect(await finishTask(ctx, zombie, { result: answer })).toBe('fenced');
    expect(await acceptTask(ctx, zombie)).toBe('fenced');
    expect(await requeueTask(ctx, zombie, 'worker_lost')).toBe(false);

    const heir = await running(ctx, id, await aWorker(store));
    expect(heir.epoch).toBeGreaterThan(zombie.epoch);
    expect(await finishTask(ctx, heir, { result: answer })).toBe('done');
    expect(await finishTask(ctx, zombie, { result: answer })).toBe('fenced');
    const log = await logOf(db, id);
    expect(log.filter(({ type }) => type === 'task_postprocess_end')).toHaveLength(1);
    expect(log.filter(({ type }) => type === 'task_cost')).toHaveLength(2);
    await expectBalancedBooks(db, tenant.organisationId);
  });

  test('every write may be given twice: the answer is the same and nothing is written twice', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const { id } = await createTask(ctx, aTask(tenant));
    const worker = await aWorker(store);
    const ticket = await assigned(ctx, id, worker);
    expect((await assignTasks(ctx, [{ taskId: id, ...worker }])).assigned).toEqual([]);
    const output = { raw: 'Hi there', tokens: 2, elapsedMs: 5 };
    const twice = async <T>(write: () => Promise<T>) => [await write(), await write()];
    expect(await twice(() => acceptTask(ctx, ticket))).toEqual(['done', 'done']);
    expect(await twice(() => startTask(ctx, ticket))).toEqual(['done', 'done']);
    expect(await twice(() => appendOutput(ctx, ticket, output))).toEqual(['done', 'done']);
    expect(await twice(() => finishTask(ctx, ticket, { result: answer }))).toEqual([
      'done',
      'done',
    ]);
    expect((await logOf(db, id)).map(({ type }) => type)).toEqual(ROAD);
    expect(await usedSlots(db, worker.workerId)).toBe(0);
    await expectBalancedBooks(db, tenant.organisationId);
  });

  test('finish and kill race: exactly one ends the task', async ({ ctx, db, store, tenant }) => {
    const worker = await aWorker(store, 20);
    for (let i = 0; i < 10; i++) {
      const { id } = await createTask(ctx, aTask(tenant));
      const ticket = await running(ctx, id, worker);
      const reference = { id };
      const results = await Promise.all([
        finishTask(ctx, ticket, { result: answer }),
        killTask(ctx, { ...tenant, reference }).then(
          () => 'killed',
          () => 'too late',
        ),
      ]);
      expect([
        ['done', 'too late'],
        ['fenced', 'killed'],
      ]).toContainEqual(results);
      const terminal = (await logOf(db, id)).filter(({ type }) =>
        ['task_postprocess_end', 'task_cancel'].includes(type),
      );
      expect(terminal).toHaveLength(1);
    }
    expect(await usedSlots(db, worker.workerId)).toBe(0);
    const account = await expectBalancedBooks(db, tenant.organisationId);
    expect(account).toMatchObject({ held: 0n, activeTasks: 0 });
  });
});

test('an answer that streams in one process and a kill in another: the log stays gapless', async ({
  db,
  store,
  queue,
  tenant,
}) => {
  await using elsewhere = openTaskStore({ db, queue, announce: () => {} });
  const worker = await aWorker(store, 20);
  for (let i = 0; i < 10; i++) {
    const { id } = await createTask({ store }, aTask(tenant));
    const ticket = await running({ store }, id, worker);
    const stream = async () => {
      for (let tokens = 1; tokens <= 20; tokens++) {
        await appendOutput({ store }, ticket, { raw: 'a ', tokens, elapsedMs: tokens });
      }
    };
    const reference = { id };
    const kill = killTask({ db, queue, store: elsewhere }, { ...tenant, reference });
    await Promise.all([stream(), kill]);
    const log = await logOf(db, id);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    expect(log.at(-1)?.type).toBe('task_cancel');
  }
});

describe('slots', () => {
  test('a worker never gets more tasks than it has slots, however many brokers assign', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const worker = await aWorker(store, 3);
    const tasks = await Promise.all(
      Array.from({ length: 8 }, () => createTask(ctx, aTask(tenant))),
    );
    const placements = tasks.map(({ id }) => ({ taskId: id, ...worker }));
    const rounds = await Promise.all([
      assignTasks(ctx, placements),
      assignTasks(ctx, placements.toReversed()),
    ]);
    expect(rounds.flatMap((round) => round.assigned)).toHaveLength(3);
    expect(await usedSlots(db, worker.workerId)).toBe(3);
  });

  test.for<[string, typeof assigned]>([
    ['that no worker has accepted yet', assigned],
    ['that is being prepared', preparing],
    ['that runs', running],
  ])(
    'a kill of a task %s frees the slot in the same commit and fences the worker',
    async ([, until], { ctx, db, store, tenant }) => {
      const worker = await aWorker(store);
      const { id } = await createTask(ctx, aTask(tenant));
      const ticket = await until(ctx, id, worker);
      const killed = await killTask(ctx, { ...tenant, reference: { id } });
      expect(killed).toMatchObject({ status: 'task_cancel', totalCost: 0n, workerId: null });
      expect(await usedSlots(db, worker.workerId)).toBe(0);
      expect(await acceptTask(ctx, ticket)).toBe('fenced');
      expect(await startTask(ctx, ticket)).toBe('fenced');
      expect(await finishTask(ctx, ticket, { result: answer })).toBe('fenced');
      await expectBalancedBooks(db, tenant.organisationId);
    },
  );

  test('a leaked slot is found and corrected', async ({ db, store }) => {
    const { workerId } = await aWorker(store);
    await db.sql`update workers set used = 2 where id = ${workerId}`;
    expect(await repair({ store }, 'slot-counts')).toBe(1);
    expect(await usedSlots(db, workerId)).toBe(0);
    expect(await repair({ store }, 'slot-counts')).toBe(0);
  });
});

describe('tenants', () => {
  test("another tenant's task is not found, neither read nor killed", async ({
    ctx,
    db,
    tenant,
  }) => {
    const { id, token } = await createTask(ctx, aTask(tenant));
    const other = await createTenant(db);
    for (const reference of [{ id }, { token }, { id: '999999' }, { id: "1' or 1=1" }]) {
      const input = { organisationId: other.organisationId, reference };
      await expect(readTask(ctx, input)).rejects.toMatchObject({ kind: 'task_not_found' });
      await expect(killTask(ctx, input)).rejects.toMatchObject({
        kind: 'task_not_found',
      });
    }
  });
});
