import type { Db } from '@runfleet/db';
import { parseUsd } from '@runfleet/protocol';
import { describe, expect } from 'vitest';

import { finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { killTask } from '../kill-task.ts';
import type { NewTask } from '../life/new-task.ts';
import { listLimits } from '../read/list-limits.ts';
import { removeLimit } from '../remove-limit.ts';
import { type NewLimit, setLimit } from '../set-limit.ts';
import { answer, expectBalancedBooks, running } from '../testing-life.ts';
import { aTask, aWorker, createTenant, type Tenant, testWithTasks as test } from '../testing.ts';
import { purgeLimitCounts } from '../upkeep/upkeep.ts';
import { openTaskStore, type TaskStore } from './task-store.ts';

/** 0.1755 USD: 300 s of the test model. */
const HOLD = parseUsd('0.1755');
/** Four holds and a half. */
const CAP = parseUsd('0.78975');
const admission = { minimumBalance: 0n, concurrencyOf: () => Infinity };

const aCap = (changes: Partial<NewLimit> = {}): NewLimit => ({
  level: 'organisation',
  subject: '',
  kind: 'spend',
  period: 'day',
  value: CAP,
  ...changes,
});

const aRun = (tenant: Tenant, changes: Partial<NewTask> = {}) =>
  aTask(tenant, { admission, keyId: tenant.projectId, fairnessKey: 'ann', ...changes });

/** Runs at once, spread over the stores. Returns the tasks of those that were admitted. */
async function burst(stores: readonly TaskStore[], runs: number, task: NewTask) {
  const results = await Promise.allSettled(
    Array.from({ length: runs }, (_, index) => {
      const store = stores[index % stores.length];
      if (!store) throw new Error('There is no store.');
      return createTask({ store }, task);
    }),
  );
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** Every count, and that it is what the tasks that it counts have settled and held. */
async function readCounts(db: Db, organisationId: string) {
  const rows = await db.sql<{ settled: string; held: string; active: number; isTrue: boolean }[]>`
    select c.settled, c.held, c.active, (c.settled, c.held, c.active) = (
      select coalesce(sum(t.total_cost), 0), coalesce(sum(t.held) filter (where t.outcome is null), 0),
        count(*) filter (where t.outcome is null)
      from tasks t where t.counted_in @> array[c.name]
    ) as "isTrue"
    from limit_counts c join limits l on l.id = c.limit_id
    where l.organisation_id = ${organisationId} order by c.limit_id, c.starts_at, c.subject`;
  expect(rows.map(({ isTrue }) => isTrue)).toEqual(rows.map(() => true));
  return rows.map(({ settled, held, active }) => [parseUsd(settled), parseUsd(held), active]);
}

describe.for([1, 3])('over %i api processes', (processes) => {
  test.for(['organisation', 'project', 'key', 'user'] as const)(
    'of 50 Runs at once against a cap of its %s, exactly as many are admitted as fit',
    async (level, { db, queue }) => {
      const tenant = await createTenant(db);
      const subject = { organisation: '', user: 'ann' }[level as 'user'] ?? tenant.projectId;
      await setLimit({ db }, tenant.organisationId, aCap({ level, subject }));
      const stores = Array.from({ length: processes }, () =>
        openTaskStore({ db, queue, announce: () => {} }),
      );
      expect(await burst(stores, 50, aRun(tenant))).toHaveLength(4);
      for (const store of stores) await store[Symbol.asyncDispose]();
      expect(await readCounts(db, tenant.organisationId)).toEqual([[0n, 4n * HOLD, 4]]);
      expect((await expectBalancedBooks(db, tenant.organisationId)).held).toBe(4n * HOLD);
    },
  );
});

test('a refused Run names the limit and writes nothing', async ({ db, store, tenant }) => {
  const { organisationId, projectId } = tenant;
  await setLimit({ db }, organisationId, aCap({ level: 'project', subject: projectId, value: 0n }));
  await expect(createTask({ store }, aRun(tenant))).rejects.toMatchObject({
    kind: 'spend_limit',
    limit: { level: 'project', subject: projectId, value: '0.000000000000', period: 'day' },
  });
  expect(await db.sql`select from tasks where organisation_id = ${organisationId}`).toHaveLength(0);
  expect(await readCounts(db, organisationId)).toEqual([[0n, 0n, 0]]);
});

test('what a task did not use is free for the next one, and what it cost is not', async ({
  ctx,
  db,
  store,
  tenant,
}) => {
  const { organisationId } = tenant;
  await setLimit(ctx, organisationId, aCap());
  const worker = await aWorker(store, 4);
  const [first, second] = await burst([store], 4, aRun(tenant));
  const ticket = await running(ctx, first?.id ?? '', worker);
  await finishTask(ctx, ticket, { result: answer });
  await killTask(ctx, { ...tenant, reference: { id: second?.id ?? '' } });
  const [row] = await db.sql<{ cost: string }[]>`
    select total_cost as cost from tasks where id = ${first?.id ?? ''}`;
  const cost = parseUsd(row?.cost ?? '');
  expect(cost).toBeGreaterThan(0n);
  expect(await readCounts(db, organisationId)).toEqual([[cost, 2n * HOLD, 2]]);
  expect(await burst([store], 9, aRun(tenant))).toHaveLength(2);
  const [limit] = await listLimits(ctx, organisationId);
  expect(limit).toMatchObject({ used: cost + 4n * HOLD, value: CAP, isInForce: true });
});

test('a task that ends in a later period than it was accepted in counts in the former', async ({
  db,
  queue,
  tenant,
}) => {
  let now = BigInt(Date.parse('2026-11-30T23:59:59Z')) * 1_000n;
  await using store = openTaskStore({ db, queue, announce: () => {}, clock: () => now });
  const ctx = { db, store, queue };
  for (const period of ['day', 'week', 'month', 'total'] as const) {
    await setLimit(ctx, tenant.organisationId, aCap({ period }));
  }
  // Limits were set by the database's own clock, whose periods have no count of theirs.
  await db.sql`delete from limit_counts where starts_at > 'epoch'`;
  const worker = await aWorker(store, 4);
  const [first] = await burst([store], 9, aRun(tenant));
  const ticket = await running(ctx, first?.id ?? '', worker);
  now += 2_000_000n;
  await finishTask(ctx, ticket, { result: answer });
  const cost = (TASK_SECONDS * HOLD) / 300n;
  const former = [cost, 3n * HOLD, 3];
  expect(await readCounts(db, tenant.organisationId)).toEqual([former, former, former, former]);
  // Day and month are new. The week and the total hold three, and the cost of one: one more fits.
  expect(await burst([store], 9, aRun(tenant))).toHaveLength(1);
  const next = [0n, HOLD, 1];
  const both = [cost, 4n * HOLD, 4];
  expect(await readCounts(db, tenant.organisationId)).toEqual([
    former,
    next,
    both,
    former,
    next,
    both,
  ]);
});

const TASK_SECONDS = 2n;

test('a cap counts what was spent in its period before it was set', async ({ ctx, db, store }) => {
  const tenant = await createTenant(db);
  const { organisationId } = tenant;
  const worker = await aWorker(store, 4);
  const [first, second] = await burst([store], 3, aRun(tenant));
  await finishTask(ctx, await running(ctx, first?.id ?? '', worker), { result: answer });
  const [row] = await db.sql<{ cost: string }[]>`
    select total_cost as cost from tasks where id = ${first?.id ?? ''}`;
  const cost = parseUsd(row?.cost ?? '');
  for (const again of [1, 2]) {
    const limit = await setLimit(ctx, organisationId, aCap({ period: 'total' }));
    expect({ again, limit }).toMatchObject({ limit: { used: cost + 2n * HOLD, isInForce: true } });
  }
  expect(await burst([store], 9, aRun(tenant))).toHaveLength(2);
  await killTask(ctx, { ...tenant, reference: { id: second?.id ?? '' } });
  expect(await burst([store], 9, aRun(tenant))).toHaveLength(1);
});

test('a cap that is set during a burst is never passed', async ({ ctx, db, store }) => {
  const tenant = await createTenant(db);
  const runs = burst([store], 60, aRun(tenant));
  const value = 1_000n * HOLD;
  const [limit] = await Promise.all([setLimit(ctx, tenant.organisationId, aCap({ value })), runs]);
  expect(limit.isInForce).toBe(true);
  expect(await readCounts(db, tenant.organisationId)).toEqual([[0n, 60n * HOLD, 60]]);
});

test('a lowered cap refuses Runs until its use has fallen, and a removed one refuses none', async ({
  ctx,
  store,
  tenant,
}) => {
  const { organisationId } = tenant;
  await setLimit(ctx, organisationId, aCap());
  const [first] = await burst([store], 9, aRun(tenant));
  const { id } = await setLimit(ctx, organisationId, aCap({ value: HOLD }));
  expect(await burst([store], 9, aRun(tenant))).toHaveLength(0);
  await removeLimit(ctx, { organisationId, id });
  expect(await burst([store], 9, aRun(tenant))).toHaveLength(9);
  await killTask(ctx, { ...tenant, reference: { id: first?.id ?? '' } });
  expect(await listLimits(ctx, organisationId)).toEqual([]);
});

test('a limit of active tasks counts queued and running ones', async ({ ctx, store, tenant }) => {
  const { organisationId } = tenant;
  const limit = aCap({ level: 'user', kind: 'active', period: 'now', value: parseUsd('2') });
  await setLimit(ctx, organisationId, limit);
  const [first] = await burst([store], 9, aRun(tenant));
  expect(await burst([store], 9, aRun(tenant, { fairnessKey: 'ben' }))).toHaveLength(2);
  expect(await burst([store], 9, aRun(tenant))).toHaveLength(0);
  await killTask(ctx, { ...tenant, reference: { id: first?.id ?? '' } });
  expect(await burst([store], 9, aRun(tenant))).toHaveLength(1);
});

test('old counts are removed, and those of live tasks and of current periods are kept', async ({
  ctx,
  db,
  store,
  tenant,
}) => {
  const { organisationId } = tenant;
  const active = { kind: 'active', period: 'now', value: parseUsd('9') } as const;
  await setLimit(ctx, organisationId, aCap({ level: 'user' }));
  await setLimit(ctx, organisationId, aCap({ level: 'user', ...active }));
  const [old, idle, live, current] = await Promise.all(
    ['old', 'idle', 'live', 'current'].map(async (fairnessKey) => {
      const { id } = await createTask({ store }, aRun(tenant, { fairnessKey }));
      return { id, fairnessKey };
    }),
  );
  for (const task of [old, idle, current]) {
    await killTask(ctx, { ...tenant, reference: { id: task?.id ?? '' } });
  }
  await db.sql`
    update limit_counts set ends_at = ends_at - interval '1 year'
    where subject in (${old?.fairnessKey ?? ''}, ${live?.fairnessKey ?? ''})`;
  await purgeLimitCounts(ctx);
  const left = await db.sql<{ name: string }[]>`
    select l.kind || ' ' || c.subject as name from limit_counts c join limits l on l.id = c.limit_id
    order by 1`;
  expect(left.map(({ name }) => name)).toEqual([
    'active live',
    'spend current',
    'spend idle',
    'spend live',
  ]);
});

test('another tenant can neither be limited nor lose its limits', async ({ ctx, db, tenant }) => {
  const other = await createTenant(db);
  const { id } = await setLimit(ctx, other.organisationId, aCap());
  const { organisationId } = tenant;
  await expect(removeLimit(ctx, { organisationId, id })).rejects.toThrow('no limit');
  const foreign = aCap({ level: 'project', subject: other.projectId });
  await expect(setLimit(ctx, organisationId, foreign)).rejects.toThrow('no project');
});

test('of 1,000 Runs at once against money for ten, exactly ten are accepted', async ({
  db,
  store,
}) => {
  const tenant = await createTenant(db, '1.755');
  expect(await burst([store], 1_000, aRun(tenant))).toHaveLength(10);
  expect(await expectBalancedBooks(db, tenant.organisationId)).toMatchObject({ activeTasks: 10 });
});
