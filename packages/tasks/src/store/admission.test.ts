import { deposit, readAccount } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { parseUsd } from '@runfleet/protocol';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import { createTask } from '../create-task.ts';
import { cancelTask, killTask } from '../kill-task.ts';
import { expectBalancedBooks } from '../testing-life.ts';
import { aTask, createTenant, testWithTasks as test } from '../testing.ts';
import { openTaskStore } from './task-store.ts';

test('a hundred Runs at once against money for ten: exactly ten are accepted', async ({
  db,
  store,
}) => {
  const tenant = await createTenant(db, '10');
  const admission = { minimumBalance: 0n, concurrencyOf: () => Infinity };
  const task = aTask(tenant, { admission, timeoutSeconds: 1_709 }); // about one dollar each
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, () => createTask({ store }, task)),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  const account = await expectBalancedBooks(db, tenant.organisationId);
  expect(account.activeTasks).toBe(10);
  const [{ count } = { count: '' }] = await db.sql<{ count: string }[]>`
    select count(*) as count from tasks where organisation_id = ${tenant.organisationId}`;
  expect(count).toBe('10');
});

test('at 10 USD one task may be active, and the next when it has ended', async ({ ctx, db }) => {
  const tenant = await createTenant(db, '10');
  const { id } = await createTask(ctx, aTask(tenant));
  await expect(createTask(ctx, aTask(tenant))).rejects.toMatchObject({
    kind: 'concurrency_limit',
  });
  await cancelTask(ctx, { ...tenant, reference: { id } });
  await createTask(ctx, aTask(tenant));
});

test('below the minimum balance nothing is accepted and nothing is written', async ({
  db,
  store,
}) => {
  const tenant = await createTenant(db, '0.49');
  await expect(createTask({ store }, aTask(tenant))).rejects.toMatchObject({
    kind: 'insufficient_balance',
  });
  expect(
    await db.sql`select 1 from tasks where organisation_id = ${tenant.organisationId}`,
  ).toHaveLength(0);
});

test('a deposit that is given twice is credited once', async ({ db }) => {
  const tenant = await createTenant(db, '1');
  const gift = { organisationId: tenant.organisationId, amount: parseUsd('5'), businessKey: 'k' };
  await Promise.all([deposit({ db }, gift), deposit({ db }, gift)]);
  expect((await expectBalancedBooks(db, tenant.organisationId)).balance).toBe(parseUsd('6'));
});

test('a project that queues past its limit holds money for each task and stops where the money does', async ({
  db,
  store,
}) => {
  const tenant = await createTenant(db, '1');
  await db.sql`update projects set overflow = 'queue' where id = ${tenant.projectId}`;
  // At a dollar one task may be active by the compatible rule; each holds 0.1755 USD, and half a
  // dollar must be left.
  const runs = await Promise.allSettled(
    Array.from({ length: 10 }, () => createTask({ store }, aTask(tenant))),
  );
  expect(runs.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  const account = await expectBalancedBooks(db, tenant.organisationId);
  expect(account).toMatchObject({ held: parseUsd('0.5265'), activeTasks: 3 });
});

test('while Postgres holds everybody up, Runs wait up to a bound, and the next ones are refused at once', async ({
  db,
  queue,
  tenant,
}) => {
  await using store = openTaskStore({ db, queue, announce: () => {}, runsWaitingMax: 5 });
  const held: Promise<unknown>[] = [];
  await db.sql.begin(async (tx) => {
    await tx`select from accounts where organisation_id = ${tenant.organisationId} for update`;
    held.push(createTask({ store }, aTask(tenant)));
    await somebodyWaits(db);
    for (let i = 0; i < 5; i++) held.push(createTask({ store }, aTask(tenant)));
    await expect(createTask({ store }, aTask(tenant))).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
  await Promise.all(held);
  await createTask({ store }, aTask(tenant));
  expect(await readAccount({ db }, tenant.organisationId)).toMatchObject({ activeTasks: 7 });
});

test('two transactions that wait for each other: the one that Postgres refuses is given again', async ({
  db,
  store,
  queue,
  tenant,
}) => {
  const { id } = await createTask({ store }, aTask(tenant));
  const reference = { id };
  let killed: Promise<unknown> = Promise.resolve();
  await db.sql.begin(async (tx) => {
    // So that it is the other one that looks for a deadlock, and finds it.
    await tx`set local deadlock_timeout = '1min'`;
    await tx`select from accounts where organisation_id = ${tenant.organisationId} for update`;
    killed = killTask({ db, store, queue }, { ...tenant, reference });
    await somebodyWaits(db);
    await tx`select from tasks where id = ${id} for update`;
  });
  await expect(killed).resolves.toMatchObject({ status: 'task_cancel' });
  await expectBalancedBooks(db, tenant.organisationId);
});

/** Until a transaction of the test waits for a lock. */
function somebodyWaits(db: Db): Promise<void> {
  return eventually(async () => {
    const [waiting] = await db.sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    expect(waiting).toBeDefined();
  });
}
