import { expect } from 'vitest';

import { acceptTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { readTask } from '../read/read-task.ts';
import { assigned, pass, running, usedSlots } from '../testing-life.ts';
import { aDescription, aTask, aWorker, testWithTasks as test } from '../testing.ts';
import { repair, tickPulse } from '../upkeep/reconcile.ts';
import { LEASE_PULSES } from './decide-worker.ts';
import { registerWorker, renewWorker } from './worker-registry.ts';

test('a worker that does not renew is lost and its tasks go back to the queue', async ({
  ctx,
  db,
  store,
  tenant,
}) => {
  const worker = await aWorker(store);
  const { id } = await createTask(ctx, aTask(tenant));
  await running(ctx, id, worker);
  await pass(db, LEASE_PULSES);
  expect(await repair(ctx, 'silent-workers')).toBe(0);
  await pass(db, 1);
  expect(await repair(ctx, 'silent-workers')).toBe(1);
  expect(await repair(ctx, 'lost-workers')).toBe(1);
  expect(await readTask(ctx, { ...tenant, reference: { id } })).toMatchObject({
    status: 'task_queue',
    infraAttempts: 1,
    workerId: null,
  });
  const { workerId: workerOf } = worker;
  expect(await renewWorker(ctx, { id: workerOf, generation: 1, seenPulse: 0 })).toBeNull();
});

test('without pulses no worker is lost, however much time passes', async ({ db, store }) => {
  const { workerId } = await aWorker(store);
  await db.sql`update workers set renewed_at = now() - interval '1 day' where id = ${workerId}`;
  expect(await repair({ store }, 'silent-workers')).toBe(0);
  const renewal = { id: workerId, generation: 1, seenPulse: 0 };
  expect(await renewWorker({ store }, renewal)).toMatchObject({ tasks: [] });
});

test('the pulse goes on after the clock was set back, and once a second at most', async ({
  db,
}) => {
  const pulse = async () => {
    const [row] = await db.sql<{ n: string }[]>`select n from pulse`;
    return Number(row?.n);
  };
  const before = await pulse();
  await db.sql`update pulse set at = now() + interval '1 hour'`;
  await tickPulse({ db });
  expect(await pulse()).toBe(before + 1);
  await tickPulse({ db });
  expect(await pulse()).toBe(before + 1);
});

test('a ticket that no worker accepts goes back and counts as an attempt', async ({
  ctx,
  db,
  store,
  tenant,
}) => {
  const { id } = await createTask(ctx, aTask(tenant));
  const ticket = await assigned(ctx, id, await aWorker(store));
  await pass(db, 6);
  expect(await repair(ctx, 'accept-deadlines')).toBe(1);
  expect(await acceptTask(ctx, ticket)).toBe('fenced');
  expect(await readTask(ctx, { ...tenant, reference: { id } })).toMatchObject({
    status: 'task_queue',
    infraAttempts: 1,
  });
});

test('a renewal lists what is bound to the worker, accepted or not', async ({
  ctx,
  store,
  tenant,
}) => {
  const worker = await aWorker(store);
  const [first, second] = [
    await createTask(ctx, aTask(tenant)),
    await createTask(ctx, aTask(tenant)),
  ];
  await assigned(ctx, first.id, worker);
  await running(ctx, second.id, worker);
  const renewal = { id: worker.workerId, generation: worker.generation, seenPulse: 0 };
  const renewed = await renewWorker(ctx, renewal);
  expect(renewed?.tasks.toSorted((a, b) => Number(a.taskId) - Number(b.taskId))).toEqual([
    { taskId: first.id, epoch: 1, isAccepted: false },
    { taskId: second.id, epoch: 1, isAccepted: true },
  ]);
});

test('a worker that registers again loses the tasks of its earlier connection', async ({
  ctx,
  db,
  store,
  tenant,
}) => {
  const worker = await aWorker(store);
  const { id } = await createTask(ctx, aTask(tenant));
  await running(ctx, id, worker);
  const again = { id: worker.workerId, host: 'h', slots: 4, description: aDescription() };
  expect(await registerWorker(ctx, again)).toEqual({ generation: 2 });
  expect(await repair(ctx, 'lost-workers')).toBe(1);
  expect(await usedSlots(db, worker.workerId)).toBe(0);
});
