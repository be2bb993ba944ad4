import { createTask, killTask, readPoolReports } from '@runfleet/tasks';
import { aTask, aWorker } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import { PoolLeader } from './pool-leader.ts';
import { lead, POOL, testWithBroker as test, ticketsOf, withoutOffers } from './testing.ts';

test('tenants take turns in getting tickets, and there are only as many tickets as slots', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  const ctx = broker();
  const created = [];
  for (let i = 0; i < 4; i++) created.push(await createTask({ store }, aTask(tenant)));
  const { workerId } = await aWorker(store, 3);
  await using _leader = lead(ctx);
  const tickets = await ticketsOf(ctx, workerId, 3);
  expect(tickets.map(({ taskId }) => taskId).toSorted()).toEqual(
    created.slice(0, 3).map(({ id }) => id),
  );
  expect(tickets.map(({ epoch }) => epoch)).toEqual([1, 1, 1]);

  // A freed slot wakes the leader.
  const reference = { id: created[0]?.id ?? '' };
  const next = ticketsOf(ctx, workerId, 1);
  await killTask({ db, store, queue }, { ...tenant, reference });
  expect(await next).toEqual([{ taskId: created[3]?.id, epoch: 1 }]);
});

test('tasks that were never offered are indexed when a broker starts to lead', async ({
  store,
  db,
  tenant,
  broker,
}) => {
  const ctx = broker();
  const { id } = await createTask({ store: withoutOffers(db) }, aTask(tenant));
  const { workerId } = await aWorker(store);
  await using _leader = lead(ctx);
  expect(await ticketsOf(ctx, workerId, 1)).toEqual([{ taskId: id, epoch: 1 }]);
});

test('an index under another mark is filled again from Postgres', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  const ctx = broker();
  await using _leader = lead(ctx);
  const first = await createTask({ store }, aTask(tenant));
  const { workerId } = await aWorker(store);
  expect(await ticketsOf(ctx, workerId, 1)).toEqual([{ taskId: first.id, epoch: 1 }]);

  await queue.writeMark(POOL, 'an unknown mark');
  const lost = await createTask({ store: withoutOffers(db) }, aTask(tenant));
  queue.wake(POOL);
  expect(await ticketsOf(ctx, workerId, 1)).toEqual([{ taskId: lost.id, epoch: 1 }]);
});

test('one of two brokers leads, and when it stops the other takes over at once', async ({
  store,
  tenant,
  broker,
}) => {
  const [one, two] = [broker(), broker()];
  const leader = lead(one);
  const { workerId } = await aWorker(store);
  const first = await createTask({ store }, aTask(tenant));
  expect(await ticketsOf(one, workerId, 1)).toEqual([{ taskId: first.id, epoch: 1 }]);
  await using _standby = lead(two);
  await leader[Symbol.asyncDispose]();
  const second = await createTask({ store }, aTask(tenant));
  expect(await ticketsOf(one, workerId, 1)).toEqual([{ taskId: second.id, epoch: 1 }]);
});

test('a pool without tasks and workers is refreshed a third as often, and wakes at once', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  const refreshedAt: number[] = [];
  const ctx = broker();
  const { reads } = ctx;
  const listWorkers: typeof reads.listWorkers = (input) => {
    if (!input.isFree) refreshedAt.push(performance.now());
    return reads.listWorkers(input);
  };
  const refreshEveryMs = 500;
  await using leader = new PoolLeader(
    { ...ctx, reads: { ...reads, listWorkers } },
    { pool: POOL, refreshEveryMs },
  );
  leader.start();
  await eventually(async () => expect(await readPoolReports({ db })).toHaveLength(1));
  await eventually(() => {
    const gaps = refreshedAt.slice(1).map((at, index) => at - (refreshedAt[index] ?? at));
    expect(Math.max(...gaps)).toBeGreaterThan(2.9 * refreshEveryMs);
  });

  // The worker did not wake it; the task does.
  const { workerId } = await aWorker(store);
  const { id } = await createTask({ store }, aTask(tenant));
  expect(await ticketsOf(ctx, workerId, 1)).toEqual([{ taskId: id, epoch: 1 }]);
});
