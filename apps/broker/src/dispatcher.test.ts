/** The workers to which a leader assigns tasks, on real servers. */
import type { Db } from '@runfleet/db';
import {
  createTask,
  drainWorker,
  cancelTask,
  killTask,
  leadPool,
  readPoolReports,
  repair,
  requeueTask,
  retireWorker,
  type TaskStore,
  writePoolReport,
} from '@runfleet/tasks';
import { aTask, aWorker, createTenant, endPause, type Tenant } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { describe, expect } from 'vitest';

import { PoolLeader } from './pool-leader.ts';
import { lead, POOL, testWithBroker as test, workerOf } from './testing.ts';

const H100 = ['gpu=H100'];
const OTHER_POOL = 'phi-3-mini-4k-instruct';
const SESSION = { affinity: 'a conversation' };

/**
 * Of two workers with one slot each, `served` runs a session's first task; the second task is held
 * for it.
 */
async function untilHeld(ctx: { db: Db; store: TaskStore }, tenant: Tenant) {
  for (let i = 0; i < 2; i++) await aWorker(ctx.store, 1);
  const first = await createTask(ctx, aTask(tenant, SESSION));
  const served = await workerOf(ctx.db, first.id);
  const second = await createTask(ctx, aTask(tenant, SESSION));
  await eventually(async () => {
    expect((await readPoolReports(ctx)).get(POOL)?.idle).toEqual({ session: 1 });
  });
  return { first, served, second };
}

test('a task waits for a worker with the labels that it requires, and does not block others', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  await using _leader = lead(broker());
  const plain = await aWorker(store, 8);
  const particular = await createTask({ store }, aTask(tenant, { requires: H100 }));
  for (let i = 0; i < 3; i++) {
    const { id } = await createTask({ store }, aTask(tenant));
    expect(await workerOf(db, id)).toBe(plain.workerId);
  }
  const h100 = await aWorker(store, 1, { labels: H100 });
  expect(await workerOf(db, particular.id)).toBe(h100.workerId);
});

test('tasks that require labels wait for those workers, and plain tasks leave those workers free', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  const h100 = await aWorker(store, 1, { labels: H100 });
  const plain = await aWorker(store, 1);
  const particular = [];
  for (let i = 0; i < 2; i++) {
    particular.push(await createTask({ store }, aTask(tenant, { requires: H100 })));
  }
  const ordinary = await createTask({ store }, aTask(await createTenant(db)));
  await using _leader = lead(broker());
  expect(await workerOf(db, particular[0]?.id ?? '')).toBe(h100.workerId);
  expect(await workerOf(db, ordinary.id)).toBe(plain.workerId);
  const reference = { id: particular[0]?.id ?? '' };
  await killTask({ db, store, queue }, { ...tenant, reference });
  expect(await workerOf(db, particular[1]?.id ?? '')).toBe(h100.workerId);
});

test('a task goes to the worker that ran the previous task of its session', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  await using _leader = lead(broker());
  await aWorker(store, 8);
  await aWorker(store, 8);
  const workers = [];
  for (let i = 0; i < 4; i++) {
    const { id } = await createTask({ store }, aTask(tenant, SESSION));
    workers.push(await workerOf(db, id));
  }
  expect(new Set(workers).size).toBe(1);
});

describe('a task whose session’s worker is full', () => {
  test('waits if that worker is about to have a free slot', async ({
    db,
    store,
    queue,
    tenant,
    broker,
  }) => {
    await using _leader = lead(broker());
    const { first, served, second } = await untilHeld({ db, store }, tenant);
    await killTask({ db, store, queue }, { ...tenant, reference: first });
    expect(await workerOf(db, second.id)).toBe(served);
  });

  test.for([
    ['is expected to stay full', 60],
    ['stays full for longer than expected', 1],
  ] as const)(
    'goes to another worker if that one %s',
    async ([, expectedSeconds], { db, store, tenant, broker }) => {
      await using _leader = lead(broker());
      for (let i = 0; i < 2; i++) await aWorker(store, 1);
      const first = await createTask({ store }, aTask(tenant, { ...SESSION, expectedSeconds }));
      const served = await workerOf(db, first.id);
      const second = await createTask({ store }, aTask(tenant, SESSION));
      expect(await workerOf(db, second.id)).not.toBe(served);
    },
  );
});

test('a task that is held for its session’s worker goes elsewhere once another broker leads', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  const leader = lead(broker());
  const { served, second } = await untilHeld({ db, store }, tenant);
  // The leader gets no notice: it detects that another broker leads.
  await using _other = lead(broker());
  await db.sql`update pool_leases set renewed_at = 'epoch'`;
  expect(await workerOf(db, second.id)).not.toBe(served);
  await leader[Symbol.asyncDispose]();
});

test('tasks whose only worker leaves wait for the next suitable one, and block no others', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  await using _leader = lead(broker());
  const plain = await aWorker(store, 8);
  const only = await aWorker(store, 1, { labels: H100 });
  const tasks = [];
  for (let i = 0; i < 3; i++) {
    tasks.push((await createTask({ store }, aTask(tenant, { requires: H100 }))).id);
  }
  const [first = '', ...waiting] = tasks;
  expect(await workerOf(db, first)).toBe(only.workerId);
  await retireWorker({ store }, { id: only.workerId });
  expect(await repair({ store }, 'lost-workers')).toBe(1);
  await endPause(db, first);
  for (let i = 0; i < 3; i++) {
    const { id } = await createTask({ store }, aTask(await createTenant(db)));
    expect(await workerOf(db, id)).toBe(plain.workerId);
  }
  const reference = { id: waiting.pop() ?? '' };
  await cancelTask({ db, store, queue }, { ...tenant, reference });
  const next = await aWorker(store, 4, { labels: H100 });
  for (const id of [first, ...waiting]) expect(await workerOf(db, id)).toBe(next.workerId);
  await eventually(async () => {
    expect(await queue.readLoad(`${POOL}?${H100[0]}`)).toMatchObject({ queued: 0, running: 2 });
  });
});

test('the sessions of two tenants are independent', async ({ db, store, tenant, broker }) => {
  await using _leader = lead(broker());
  const one = await aWorker(store, 8);
  const first = await createTask({ store }, aTask(tenant, SESSION));
  expect(await workerOf(db, first.id)).toBe(one.workerId);
  const two = await aWorker(store, 8);
  const foreign = await createTask({ store }, aTask(await createTenant(db), SESSION));
  expect(await workerOf(db, foreign.id)).toBe(two.workerId);
});

test('a task avoids the worker on which it failed, unless no other can take it', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  await using _leader = lead(broker());
  const failing = await aWorker(store, 8);
  const { id } = await createTask({ store }, aTask(tenant));
  expect(await workerOf(db, id)).toBe(failing.workerId);
  await requeueTask({ store }, { taskId: id, epoch: 1 }, 'run_broke_off');
  await endPause(db, id);
  expect(await workerOf(db, id)).toBe(failing.workerId);

  const other = await aWorker(store, 8);
  const { id: next } = await createTask({ store }, aTask(tenant));
  const at = await workerOf(db, next);
  const elsewhere = at === failing.workerId ? other : failing;
  await requeueTask({ store }, { taskId: next, epoch: 1 }, 'run_broke_off');
  await endPause(db, next);
  expect(await workerOf(db, next)).toBe(elsewhere.workerId);
});

test('a draining worker gets nothing, and the reasons of idle workers are reported', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  const draining = await aWorker(store, 4);
  await drainWorker({ store }, { id: draining.workerId });
  const plain = await aWorker(store, 2);
  await db.sql`update organisations set running_limit = 1 where id = ${tenant.organisationId}`;
  const tasks = [];
  for (let i = 0; i < 2; i++) tasks.push(await createTask({ store }, aTask(tenant)));
  await using _leader = lead(broker());
  expect(await workerOf(db, tasks[0]?.id ?? '')).toBe(plain.workerId);
  await eventually(async () => {
    expect((await readPoolReports({ db })).get(POOL)).toMatchObject({
      queued: 1,
      running: 1,
      oldestWaitSeconds: expect.any(Number),
      idle: { draining: 1, tenants_parked: 1 },
      workers: { [draining.workerId]: 'draining', [plain.workerId]: 'tenants_parked' },
    });
  });
});

test('a worker with the model in memory is preferred, and a busy model stays loaded', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  const sizes = { [POOL]: 6, [OTHER_POOL]: 6 };
  const both = { pools: [POOL, OTHER_POOL], sizes, memoryBytes: 10 };
  const absent = await aWorker(store, 8, { ...both, loaded: { [OTHER_POOL]: { bytes: 6 } } });
  const loaded = await aWorker(store, 1, { ...both, loaded: { [POOL]: { bytes: 6 } } });
  await using _leader = lead(broker());
  const first = await createTask({ store }, aTask(tenant));
  expect(await workerOf(db, first.id)).toBe(loaded.workerId);
  const second = await createTask({ store }, aTask(tenant));
  expect(await workerOf(db, second.id)).toBe(absent.workerId);
});

test('a worker is left to a pool that was not served for long, until that pool is served', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  const shared = await aWorker(store, 8, { pools: [POOL, OTHER_POOL] });
  const own = await aWorker(store, 8);
  const report = async (unservedMs: number | null) => {
    await leadPool({ store }, { pool: OTHER_POOL, holder: 'another broker' });
    const report = { queued: 1, running: 0, oldestWaitSeconds: 60, idle: {}, workers: {} };
    const input = { pool: OTHER_POOL, holder: 'another broker' };
    await writePoolReport({ db }, { ...input, report: { ...report, unservedMs } });
  };
  await report(60_000);
  await using _leader = lead(broker());
  for (let i = 0; i < 3; i++) {
    const { id } = await createTask({ store }, aTask(tenant));
    expect(await workerOf(db, id)).toBe(own.workerId);
  }
  const workers = async () => (await readPoolReports({ db })).get(POOL)?.workers;
  await eventually(async () =>
    expect(await workers()).toMatchObject({ [own.workerId]: 'no_task' }),
  );
  await report(null);
  await eventually(async () => {
    const { id } = await createTask({ store }, aTask(tenant));
    expect(await workerOf(db, id)).toBe(shared.workerId);
  });
});

test('a pool whose tasks find no slot reports for how long, until it is served', async ({
  db,
  store,
  queue,
  tenant,
  broker,
}) => {
  await aWorker(store, 1);
  const first = await createTask({ store }, aTask(tenant));
  await using _leader = lead(broker());
  await workerOf(db, first.id);
  const second = await createTask({ store }, aTask(tenant));
  const unserved = async () => (await readPoolReports({ db })).get(POOL)?.unservedMs;
  await eventually(async () => expect(await unserved()).toBeGreaterThan(300));
  await killTask({ db, store, queue }, { ...tenant, reference: first });
  await workerOf(db, second.id);
  await eventually(async () => expect(await unserved()).toBeNull());
});

test('tasks that were picked when Postgres failed are queued again at once', async ({
  db,
  store,
  tenant,
  broker,
}) => {
  let isAway = true;
  const commit: typeof store.commit = (command) => {
    if (!isAway) return store.commit(command);
    isAway = false;
    return Promise.reject(new Error('Postgres is unavailable.'));
  };
  await aWorker(store);
  // It refreshes so rarely that no reconciler can be the cause.
  const ctx = { ...broker(), store: { ...store, commit } };
  await using leader = new PoolLeader(ctx, { pool: POOL, refreshEveryMs: 60_000 });
  leader.start();
  const { id } = await createTask({ store }, aTask(tenant));
  await workerOf(db, id);
  expect(isAway).toBe(false);
});

test('two leaders at once assign each task once', async ({ db, store, tenant, broker }) => {
  await aWorker(store, 40);
  await using _one = lead(broker());
  await using _two = lead(broker());
  const ids = [];
  for (let i = 0; i < 40; i++) {
    ids.push((await createTask({ store }, aTask(tenant))).id);
    // The lease changes hands while tasks come and go.
    if (i % 10 === 0) await db.sql`update pool_leases set renewed_at = 'epoch'`;
  }
  for (const id of ids) await workerOf(db, id);
  const rows = await db.sql<{ epoch: number }[]>`select distinct epoch from tasks`;
  expect(rows).toEqual([{ epoch: 1 }]);
});
