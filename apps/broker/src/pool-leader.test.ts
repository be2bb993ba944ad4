import { randomUUID } from 'node:crypto';

import type { Db } from '@runfleet/db';
import { openTicketTransport, type Ticket } from '@runfleet/queue';
import { createLogger, createMetrics } from '@runfleet/service';
import {
  createTask,
  killTask,
  openPoolReads,
  openTaskStore,
  type TaskStore,
} from '@runfleet/tasks';
import { aTask, aWorker, phi, testWithTasks } from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import type { BrokerContext } from './context.ts';
import { brokerMetrics } from './metrics.ts';
import { PoolLeader } from './pool-leader.ts';

const test = testWithTasks
  .extend('tickets', ({ redisUrl }, { onCleanup }) => {
    const tickets = openTicketTransport({ url: redisUrl, kind: 'lists' });
    onCleanup(() => tickets[Symbol.asyncDispose]());
    return tickets;
  })
  .extend('broker', ({ db, store, queue, tickets }): (() => BrokerContext) => {
    return () => {
      return {
        brokerId: randomUUID(),
        db,
        store,
        reads: openPoolReads({ db }),
        queue,
        tickets,
        logger: createLogger({ role: 'broker', level: 'silent' }),
        metrics: brokerMetrics(createMetrics({ role: 'broker' })),
        now: () => performance.now(),
      };
    };
  });

/** The tickets that reach a worker, until `count` have come. */
async function ticketsOf(ctx: BrokerContext, workerId: string, count: number): Promise<Ticket[]> {
  const tickets: Ticket[] = [];
  let done = () => {};
  const all = new Promise<void>((resolve) => (done = resolve));
  await using _receiver = ctx.tickets.receive(workerId, async (ticket) => {
    if (tickets.push(ticket) === count) done();
  });
  await all;
  return tickets;
}

/** A store whose offers are lost, as when the api dies after its commit. */
const withoutOffers = (db: Db): TaskStore => openTaskStore({ db, queue: null, announce: () => {} });

test('queued tasks get tickets in turns of their tenants, and only as many as there are slots', async ({
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
  await using leader = new PoolLeader(ctx, phi().pool);
  leader.start();
  const tickets = await ticketsOf(ctx, workerId, 3);
  expect(tickets.map(({ taskId }) => taskId).toSorted()).toEqual(
    created.slice(0, 3).map(({ id }) => id),
  );
  expect(tickets.map(({ epoch }) => epoch)).toEqual([1, 1, 1]);

  // A slot that is freed wakes the leader.
  const reference = { id: created[0]?.id ?? '' };
  const next = ticketsOf(ctx, workerId, 1);
  await killTask({ db, store, queue }, { ...tenant, reference, onlyQueued: false });
  expect(await next).toEqual([{ taskId: created[3]?.id, epoch: 1 }]);
});

test('tasks that the queue never heard of are indexed when a broker comes to lead', async ({
  store,
  db,
  tenant,
  broker,
}) => {
  const ctx = broker();
  const { id } = await createTask({ store: withoutOffers(db) }, aTask(tenant));
  const { workerId } = await aWorker(store);
  await using leader = new PoolLeader(ctx, phi().pool);
  leader.start();
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
  await using leader = new PoolLeader(ctx, phi().pool);
  leader.start();
  const first = await createTask({ store }, aTask(tenant));
  const { workerId } = await aWorker(store);
  expect(await ticketsOf(ctx, workerId, 1)).toEqual([{ taskId: first.id, epoch: 1 }]);

  await queue.writeMark(phi().pool, 'somebody else was here');
  const lost = await createTask({ store: withoutOffers(db) }, aTask(tenant));
  queue.wake(phi().pool);
  expect(await ticketsOf(ctx, workerId, 1)).toEqual([{ taskId: lost.id, epoch: 1 }]);
});

test('of two brokers one leads, and when it stops the other takes over at once', async ({
  store,
  tenant,
  broker,
}) => {
  const [one, two] = [broker(), broker()];
  const leader = new PoolLeader(one, phi().pool);
  leader.start();
  const { workerId } = await aWorker(store);
  const first = await createTask({ store }, aTask(tenant));
  expect(await ticketsOf(one, workerId, 1)).toEqual([{ taskId: first.id, epoch: 1 }]);
  await using standby = new PoolLeader(two, phi().pool);
  standby.start();
  await leader[Symbol.asyncDispose]();
  const second = await createTask({ store }, aTask(tenant));
  expect(await ticketsOf(one, workerId, 1)).toEqual([{ taskId: second.id, epoch: 1 }]);
});
