import { deposit, readAccount, readLedgerDrift } from '@runfleet/billing';
import { connectDb } from '@runfleet/db';
import { parseUsd } from '@runfleet/protocol';
import { describe, expect } from 'vitest';

import { finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { answer, expectBalancedBooks, logOf, running } from '../testing-life.ts';
import { aTask, aWorker, createTenant, testWithTasks as test } from '../testing.ts';
import { repairAccounts } from './repair-accounts.ts';
import { analyzeGrownTables, makeEventPartitions, purgeGoneWorkers } from './upkeep.ts';

describe('accounts', () => {
  test('that agree with tasks and transfers are left alone, while tasks come and go', async ({
    ctx,
    store,
    tenant,
  }) => {
    const worker = await aWorker(store, 20);
    const carry = async () => {
      const { id } = await createTask(ctx, aTask(tenant));
      await finishTask(ctx, await running(ctx, id, worker), { result: answer });
    };
    const looks = async () => {
      let repaired = 0;
      for (let i = 0; i < 20; i++) repaired += await repairAccounts(ctx);
      return repaired;
    };
    const [repaired] = await Promise.all([looks(), ...Array.from({ length: 20 }, carry)]);
    // A look may find a suspect between two statements of its own; the lock then shows it is none.
    expect(repaired).toBe(0);
    expect(await readLedgerDrift(ctx)).toBe(0n);
  });

  test('with a leaked count of active tasks are counted again', async ({ db, store }) => {
    const tenant = await createTenant(db, '10');
    await createTask({ store }, aTask(tenant));
    await db.sql`update accounts set active_tasks = 7 where organisation_id = ${tenant.organisationId}`;
    expect(await repairAccounts({ db })).toBe(1);
    expect(await readAccount({ db }, tenant.organisationId)).toMatchObject({ activeTasks: 1 });
    expect(await repairAccounts({ db })).toBe(0);
  });

  test('get back what is held for a task that has ended, by a transfer of its own', async ({
    db,
    store,
    tenant,
  }) => {
    const ended = await createTask({ store }, aTask(tenant));
    const active = await createTask({ store }, aTask(tenant));
    // As if a write had bypassed the verbs and ended the task.
    await db.sql`
      update tasks set status = 'task_cancel', queued_in = null where id = ${ended.id}`;
    expect(await repairAccounts({ db })).toBe(1);
    const account = await expectBalancedBooks(db, tenant.organisationId);
    expect(account).toEqual({
      balance: parseUsd('1000'),
      held: parseUsd('0.1755'),
      activeTasks: 1,
    });
    expect(
      await db.sql`
      select business_key, amount from transfers where business_key like 'task:%:orphan'`,
    ).toEqual([{ business_key: `task:${ended.id}:orphan`, amount: '0.175500000000' }]);
    expect(await repairAccounts({ db })).toBe(0);
    await db.sql`update tasks set status = 'task_queue' where id = ${active.id}`;
  });

  test('that differ from their transfers are told apart by the sum of all differences', async ({
    db,
    tenant,
  }) => {
    const { organisationId } = tenant;
    await deposit({ db }, { organisationId, amount: parseUsd('5'), businessKey: 'five' });
    expect(await readLedgerDrift({ db })).toBe(0n);
    await db.sql`update accounts set balance = balance + 2 where organisation_id = ${organisationId}`;
    expect(await readLedgerDrift({ db })).toBe(parseUsd('2'));
  });
});

test('the event log never runs out of partitions, whatever became of the ids before', async ({
  db,
  store,
  tenant,
}) => {
  await makeEventPartitions({ db });
  expect(await makeEventPartitions({ db })).toBe(0);
  await db.sql`select setval('tasks_id_seq', 7600000)`;
  const early = await createTask({ store }, aTask(tenant));
  const inRest = () => db.sql`select 1 from task_events_rest`;
  expect(await inRest()).toHaveLength(2);
  expect(await makeEventPartitions({ db })).toBe(2);
  await createTask({ store }, aTask(tenant));
  expect(await inRest()).toHaveLength(0);
  expect((await logOf(db, early.id)).map(({ type }) => type)).toEqual(['task_queue', 'task_cost']);
  expect(await makeEventPartitions({ db })).toBe(0);
});

test('a worker that is gone for a week leaves the list, unless a task is still bound to it', async ({
  db,
  store,
  tenant,
}) => {
  const [idle, busy, fresh] = [await aWorker(store), await aWorker(store), await aWorker(store)];
  await running({ store }, (await createTask({ store }, aTask(tenant))).id, busy);
  await db.sql`update workers set state = 'lost'`;
  await db.sql`
    update workers set renewed_at = now() - interval '8 days'
    where id in (${idle.workerId}, ${busy.workerId})`;
  expect(await purgeGoneWorkers({ db })).toBe(1);
  const left = await db.sql<{ id: string }[]>`select id from workers`;
  expect(left.map(({ id }) => id).toSorted()).toEqual([busy.workerId, fresh.workerId].toSorted());
});

test('a table that grew from nothing is known to the planner, and analysed once', async ({
  databaseUrl,
  db: _migrated,
}) => {
  // One connection, which tells its own statistics at once.
  await using db = connectDb(databaseUrl, { connections: 1 });
  await db.sql`analyze transfers`;
  await db.sql`
    insert into transfers (business_key, organisation_id, debit, credit, amount)
    select 'row:' || n, 1, 'a', 'b', 1 from generate_series(1, 1000) n`;
  await db.sql`select pg_stat_force_next_flush()`;
  await db.sql`select 1`;
  expect(await analyzeGrownTables({ db })).toBeGreaterThanOrEqual(1);
  const [known] = await db.sql<{ reltuples: number }[]>`
    select reltuples from pg_class where relname = 'transfers'`;
  expect(known?.reltuples).toBeGreaterThanOrEqual(1_000);
  expect(await analyzeGrownTables({ db })).toBe(0);
});
