import { laneOf } from '@runfleet/scheduler';
import { createTask, killTask } from '@runfleet/tasks';
import { aTask, aWorker, createTenant, phi } from '@runfleet/tasks/testing';
import { listRedisKeys } from '@runfleet/testing';
import { expect } from 'vitest';

import { lead, testWithBroker as test, withoutOffers, workerOf } from './testing.ts';

const TASKS = 1_500;
const AT_ONCE = 100;
const { pool } = phi();

test('1,500 tasks with a different label each get no lanes of their own, and delay no task of another tenant', async ({
  db,
  store,
  broker,
  redisUrl,
}) => {
  const [busy, other] = [await createTenant(db, '100000'), await createTenant(db)];
  await aWorker(store, 50, { labels: ['zone=a'] });
  await using _leader = lead(broker());
  let refused = 0;
  for (let from = 0; from < TASKS; from += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, (_, n) =>
      createTask({ store }, aTask(busy, { requires: [`own=${from + n}`] })),
    );
    const answers = await Promise.allSettled(some);
    refused += answers.filter(({ status }) => status === 'rejected').length;
  }
  expect(refused).toBeGreaterThan(TASKS / 2);
  for (let i = 0; i < 8; i++) {
    const { id } = await createTask({ store }, aTask(other, { requires: ['zone=a'] }));
    await workerOf(db, id);
  }
  const lanes = (await listRedisKeys(redisUrl)).filter(({ key }) => key.includes(`${pool}?own=`));
  expect(lanes).toEqual([]);
});

test('a queued task whose process died before its offer is found', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  const { id } = await createTask({ store }, aTask(tenant, { requires: ['zone=a'] }));
  await using _leader = lead(broker());
  // It registers through a store that sends no notices.
  await aWorker(withoutOffers(db), 1, { labels: ['zone=a'] });
  await workerOf(db, id);
});

test('a lane whose keys expired while its tasks waited is filled again', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  await aWorker(store, 1, { labels: ['zone=a'] });
  await using _leader = lead(broker());
  const requires = ['zone=a'];
  const ids = [];
  for (let n = 0; n < 3; n++) {
    ids.push((await createTask({ store }, aTask(tenant, { requires }))).id);
  }
  const [first = '', second = '', third = ''] = ids;
  await workerOf(db, first);
  await queue.clear(laneOf(pool, requires));
  for (const [ended, next] of [
    [first, second],
    [second, third],
  ] as const) {
    const reference = { id: ended };
    await killTask({ db, store, queue }, { ...tenant, reference });
    await workerOf(db, next);
  }
});
