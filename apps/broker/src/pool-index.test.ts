/** Data that Redis has lost or never received is restored from Postgres. */
import type { Db } from '@runfleet/db';
import { createTask, killTask } from '@runfleet/tasks';
import { aTask, aWorker, createTenant, type Tenant } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import { PoolLeader } from './pool-leader.ts';
import { lead, POOL, testWithBroker as test, withoutOffers, workerOf } from './testing.ts';

const PARTICULAR = ['gpu=H100', 'zone=a'];

/** Inserts queued tasks of a tenant that are an hour old. */
async function fillPostgres(db: Db, tenant: Tenant, count: number): Promise<void> {
  await db.sql`
    insert into tasks (organisation_id, project_id, owner_id, token, model_id, pool, parameters, seed,
      timeout_seconds, status, epoch, seq, changed_at, queued_in, queued_at, price_version, cps, held)
    select ${tenant.organisationId}, ${tenant.projectId}, ${tenant.ownerId}, 'token-' || n, '598',
      ${POOL}, '{}', 1, 300, 'task_queue', 0, 0, now() - interval '1 hour', ${POOL},
      now() - interval '1 hour', '', 0, 0
    from generate_series(1, ${count}) n`;
}

test('a task whose offer was lost is found, whatever it requires and even if the clock was set back', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  await using _leader = lead(broker());
  await aWorker(store, 4, { labels: PARTICULAR });
  const tasks = [];
  for (const requires of [[], PARTICULAR]) {
    tasks.push(await createTask({ store: withoutOffers(db) }, aTask(tenant, { requires })));
  }
  await db.sql`update tasks set changed_at = now() + interval '1 hour'`;
  for (const { id } of tasks) await workerOf(db, id);
});

test('a task whose offer was lost is found behind thousands of queued ones', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  await fillPostgres(db, tenant, 3_000);
  const other = await createTenant(db);
  await using _leader = lead(broker());
  await eventually(async () => expect((await queue.readLoad(POOL)).queued).toBe(3_000));
  const { id: taskId } = await createTask({ store: withoutOffers(db) }, aTask(other));
  await eventually(async () => expect((await queue.readLoad(POOL)).queued).toBe(3_001));
  // It is found, and runs in its own tenant's turn.
  await aWorker(store, 2);
  await workerOf(db, taskId);
});

test('tasks are dispatched while the index is still being filled', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  await fillPostgres(db, tenant, 5_001);
  const { workerId } = await aWorker(store, 1);
  let inserted = 0;
  let goOn = () => {};
  const secondPage = new Promise<void>((resolve) => (goOn = resolve));
  const insert: typeof queue.insert = async (pool, tasks) => {
    inserted += tasks.length;
    if (inserted > 5_000) await secondPage;
    return queue.insert(pool, tasks);
  };
  await using _leader = lead({ ...broker(), queue: { ...queue, insert } });
  await eventually(async () => {
    const [bound] = await db.sql`select 1 from tasks where worker_id = ${workerId}`;
    expect(bound).toBeDefined();
  });
  const readMark = async () => {
    const [lease] = await db.sql<{ mark: string | null }[]>`
      select index_mark as mark from pool_leases where pool = ${POOL}`;
    return lease?.mark ?? null;
  };
  expect(await readMark()).toBeNull();
  goOn();
  await eventually(async () => expect(await readMark()).toBe(await queue.readMark(POOL)));
  expect(await queue.readLoad(POOL)).toMatchObject({ queued: 5_000, running: 1 });
});

test('tasks that run while the index is lost count as running in the next one', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  await db.sql`update organisations set running_limit = 1 where id = ${tenant.organisationId}`;
  const first = await createTask({ store }, aTask(tenant));
  await aWorker(store, 4);
  await using _leader = lead(broker());
  await workerOf(db, first.id);
  await queue.clear(POOL);
  const second = await createTask({ store }, aTask(tenant));
  await eventually(async () => {
    expect(await queue.readLoad(POOL)).toMatchObject({ queued: 1, running: 1 });
  });
  await killTask({ db, store, queue }, { ...tenant, reference: first });
  await workerOf(db, second.id);
});

test('a task that counts as running although no worker has it is released, and runs', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  await using _leader = lead(broker());
  await eventually(async () => expect(await queue.readMark(POOL)).not.toBeNull());
  const { id } = await createTask({ store }, aTask(tenant));
  // As if a leader had died between its pick and its commit.
  const mark = (await queue.readMark(POOL)) ?? '';
  await eventually(async () => expect(await queue.pick(POOL, mark, 1)).toHaveLength(1));
  await aWorker(store);
  await workerOf(db, id);
});

test('after thousands of lost releases, the tasks soon no longer count as running', async ({
  queue,
  broker,
}) => {
  await using leader = new PoolLeader(broker(), { pool: POOL });
  leader.start();
  await eventually(async () => expect(await queue.readMark(POOL)).not.toBeNull());
  const task = { organisationId: '1', fairnessKey: '', priority: 0, cost: 1, queuedAt: 0 };
  const lost = Array.from({ length: 5_000 }, (_, n) => ({
    ...task,
    taskId: String(1_000_000 + n),
    weight: 1,
    runningLimit: null,
  }));
  await queue.restoreRunning(POOL, lost);
  await eventually(async () => expect((await queue.readLoad(POOL)).running).toBe(0));
});

test('a paused task is not in the index, even after the index was filled again', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  const paused = await createTask({ store: withoutOffers(db) }, aTask(tenant));
  await db.sql`
    update tasks set not_before = now() + interval '1 hour' where id = ${paused.id}`;
  const next = await createTask({ store }, aTask(tenant));
  await aWorker(store);
  await using _leader = lead(broker());
  await workerOf(db, next.id);
  expect(await queue.readLoad(POOL)).toMatchObject({ queued: 0, running: 1 });
});

test('a share that an operator changes applies to tasks that are already queued', async ({
  db,
  store,
  tenant,
  queue,
  broker,
}) => {
  const { organisationId } = tenant;
  await db.sql`update organisations set running_limit = 1 where id = ${organisationId}`;
  const { workerId } = await aWorker(store, 4);
  await using _leader = lead(broker());
  const tasks = [];
  for (let i = 0; i < 4; i++) tasks.push(await createTask({ store }, aTask(tenant)));
  expect(await workerOf(db, tasks[0]?.id ?? '')).toBe(workerId);

  const running = async () => {
    const [row] = await db.sql<{ used: number }[]>`select used from workers`;
    return row?.used;
  };
  await eventually(async () => expect((await queue.readLoad(POOL)).queued).toBe(3));
  expect(await running()).toBe(1);
  await db.sql`update organisations set running_limit = 3, weight = 5 where id = ${organisationId}`;
  await eventually(async () => expect(await running()).toBe(3));
  expect(await queue.readShares(POOL, 1)).toMatchObject([{ weight: 5, runningLimit: 3 }]);
  expect((await queue.readLoad(POOL)).queued).toBe(1);
});
