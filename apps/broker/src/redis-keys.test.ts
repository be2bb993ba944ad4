import type { Ticket } from '@runfleet/queue';
import {
  acceptTask,
  createTask,
  failure,
  finishTask,
  killTask,
  repair,
  requeueTask,
} from '@runfleet/tasks';
import { aTask, aWorker } from '@runfleet/tasks/testing';
import { eventually, listRedisKeys } from '@runfleet/testing';
import { expect } from 'vitest';

import { lead, POOL, testWithBroker as test, workerOf } from './testing.ts';

test('when all tasks have ended, in whatever way, every key in Redis expires except the mark of the pool', async ({
  db,
  store,
  queue,
  tenant,
  broker,
  redisUrl,
}) => {
  const ctx = { db, store, queue };
  const kill = (id: string) => killTask(ctx, { ...tenant, reference: { id } });
  const ticketOf = async (taskId: string): Promise<Ticket> => {
    const workerId = await workerOf(db, taskId);
    const [row] = await db.sql<{ epoch: number }[]>`select epoch from tasks where id = ${taskId}`;
    const ticket = { taskId, epoch: row?.epoch ?? 0 };
    await acceptTask(ctx, { ...ticket, workerId });
    return ticket;
  };
  const finish = (outcome: 'failed' | 'rejected') => async (id: string) =>
    finishTask(ctx, await ticketOf(id), { result: failure(outcome, 'No.') });
  const inQueue: ((id: string) => Promise<unknown>)[] = [
    kill,
    async (id) => {
      await db.sql`update tasks set start_by = now() where id = ${id}`;
      await repair(ctx, 'start-deadlines');
    },
  ];
  const atWork: ((id: string) => Promise<unknown>)[] = [
    async (id) => {
      await workerOf(db, id);
      await kill(id);
    },
    finish('failed'),
    finish('rejected'),
    async (id) => {
      await requeueTask(ctx, await ticketOf(id), 'worker_stopping');
      await kill(id);
    },
  ];

  await using _leader = lead(broker());
  const labels = [...inQueue, ...atWork].map((_, index) => `lane=${index}`);
  const create = (end: (id: string) => Promise<unknown>, index: number) =>
    [[], [labels[index] ?? '']].map(async (requires, user) => {
      const fairnessKey = user === 0 ? '' : `user-${index}`;
      const { id } = await createTask(ctx, aTask(tenant, { requires, fairnessKey }));
      return { id, end };
    });
  const ended = async (endings: readonly ((id: string) => Promise<unknown>)[], from: number) => {
    const tasks = await Promise.all(endings.flatMap((end, index) => create(end, from + index)));
    for (const { id, end } of tasks) await end(id);
  };
  await ended(inQueue, 0);
  await aWorker(store, 100, { labels });
  await ended(atWork, inQueue.length);
  const [row] = await db.sql`select count(*)::int as live from tasks where outcome is null`;
  expect(row).toEqual({ live: 0 });

  await eventually(async () => {
    const lasting = (await listRedisKeys(redisUrl)).filter((key) => key.endsInSeconds === null);
    expect(lasting).toEqual([{ key: `runfleet:{${POOL}}:mark`, endsInSeconds: null }]);
  });
});
