import { expect } from 'vitest';

import { createTask } from '../create-task.ts';
import { leadPool } from '../fleet/pool-lease.ts';
import { writePoolReport } from '../fleet/pool-report.ts';
import { aTask, phi, testWithTasks as test } from '../testing.ts';
import { readFleet } from './read-fleet.ts';

const { pool } = phi();
const report = { running: 0, oldestWaitSeconds: 0, unservedMs: null, idle: {}, workers: {} };

test('a queue is as long as Postgres counts, or as its leader has just said', async ({
  db,
  store,
  tenant,
}) => {
  const queued = async () => (await readFleet({ db })).queued;
  expect(await queued()).toEqual([]);
  const tasks = [];
  for (let i = 0; i < 3; i++) tasks.push(await createTask({ store }, aTask(tenant)));
  const other = { ...phi(), pool: 'another-pool' };
  const alone = await createTask({ store }, aTask(tenant, { model: other }));
  const queuedAt = async (id: string | undefined) => {
    const [row] = await db.sql<{ at: bigint }[]>`
      select queued_at as at from tasks where id = ${id ?? ''}`;
    return row?.at;
  };
  const [first, fourth] = [await queuedAt(tasks[0]?.id), await queuedAt(alone.id)];

  const counted = [
    { pool: 'another-pool', count: 1, oldestQueuedAt: fourth },
    { pool, count: 3, oldestQueuedAt: first },
  ];
  expect(await queued()).toEqual(counted);

  const holder = crypto.randomUUID();
  await leadPool({ store }, { pool, holder });
  expect(await queued()).toEqual(counted);
  const said = async (count: number) => {
    await writePoolReport({ db }, { pool, holder, report: { ...report, queued: count } });
    return (await queued()).find((one) => one.pool === pool)?.count;
  };
  expect(await said(7)).toBe(7);
  // What came since it looked is there.
  expect(await said(0)).toBe(1);
  await db.sql`update pool_leases set renewed_at = renewed_at - interval '1 minute'`;
  expect(await queued()).toEqual(counted);
});
