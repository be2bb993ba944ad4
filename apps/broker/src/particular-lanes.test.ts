import { createTask } from '@runfleet/tasks';
import { aTask, aWorker, createTenant, phi } from '@runfleet/tasks/testing';
import { listRedisKeys } from '@runfleet/testing';
import { expect } from 'vitest';

import { lead, testWithBroker as test, workerOf } from './testing.ts';

const TASKS = 1_500;
const AT_ONCE = 100;
const { pool } = phi();

test('labels of their own on 1,500 tasks cost brokers no lane, and delay no task of another tenant', async ({
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
