import { readAccount } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { expect } from 'vitest';

import { createTask } from '../create-task.ts';
import { killTask } from '../kill-task.ts';
import { expectBalancedBooks } from '../testing-life.ts';
import { aTask, createTenant, type Tenant, testWithTasks as test } from '../testing.ts';
import { purgeIdempotencyKeys } from '../upkeep/upkeep.ts';
import { openTaskStore } from './task-store.ts';

const hash = (text: string) => Buffer.from(text.padEnd(32));

const keyed = (tenant: Tenant, key: string, body = 'a body') =>
  aTask(tenant, { idempotency: { key, requestHash: hash(body) } });

async function countTasks(db: Db, { organisationId }: Tenant): Promise<number> {
  const rows = await db.sql`select 1 from tasks where organisation_id = ${organisationId}`;
  return rows.length;
}

test('a repeated Run gets the first answer, and nothing is held twice', async ({
  db,
  store,
  tenant,
}) => {
  const first = await createTask({ store }, keyed(tenant, 'k'));
  const { held } = await readAccount({ db }, tenant.organisationId);
  const again = await createTask({ store }, keyed(tenant, 'k'));
  expect(again).toEqual({ ...first, isRepeat: true });
  expect(await countTasks(db, tenant)).toBe(1);
  expect((await expectBalancedBooks(db, tenant.organisationId)).held).toBe(held);
});

test('many at once in several processes make one task', async ({ db, queue, tenant }) => {
  const stores = [1, 2, 3].map(() => openTaskStore({ db, queue, announce: () => {} }));
  const runs = stores.flatMap((store) =>
    Array.from({ length: 10 }, () => createTask({ store }, keyed(tenant, 'k'))),
  );
  const created = await Promise.all(runs);
  expect(new Set(created.map(({ id }) => id)).size).toBe(1);
  expect(new Set(created.map(({ token }) => token)).size).toBe(1);
  expect(created.filter(({ isRepeat }) => !isRepeat)).toHaveLength(1);
  expect(await countTasks(db, tenant)).toBe(1);
  await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
});

test('another request under the same key is refused by name, and nothing is written', async ({
  db,
  store,
  tenant,
}) => {
  await createTask({ store }, keyed(tenant, 'k'));
  const other = createTask({ store }, keyed(tenant, 'k', 'another body'));
  await expect(other).rejects.toMatchObject({ kind: 'idempotency_mismatch' });
  await expect(other).rejects.toThrow('Idempotency-Key [k]');
  expect(await countTasks(db, tenant)).toBe(1);
});

test('a repeat is answered though the money is gone and the task has ended', async ({
  db,
  store,
  queue,
}) => {
  const tenant = await createTenant(db, '10');
  const first = await createTask({ store }, keyed(tenant, 'k'));
  const whileActive = await createTask({ store }, keyed(tenant, 'k'));
  await killTask({ store, db, queue }, { ...tenant, reference: { id: first.id } });
  await db.sql`update accounts set balance = 0 where organisation_id = ${tenant.organisationId}`;
  const afterEnd = await createTask({ store }, keyed(tenant, 'k'));
  expect([whileActive.id, afterEnd.id]).toEqual([first.id, first.id]);
  await expect(createTask({ store }, keyed(tenant, 'l'))).rejects.toMatchObject({
    kind: 'insufficient_balance',
  });
});

test("a refused Run does not use up its key, and projects do not see each other's keys", async ({
  db,
  store,
  tenant,
}) => {
  const poor = await createTenant(db, '0.1');
  await expect(createTask({ store }, keyed(poor, 'k'))).rejects.toMatchObject({
    kind: 'insufficient_balance',
  });
  const theirs = await createTask({ store }, keyed(tenant, 'k'));
  await db.sql`update accounts set balance = 10 where organisation_id = ${poor.organisationId}`;
  const ours = await createTask({ store }, keyed(poor, 'k'));
  expect(ours.isRepeat).toBe(false);
  expect(ours.id).not.toBe(theirs.id);
});

test('after 24 hours a key is free again, whether it was purged or not', async ({
  db,
  store,
  tenant,
}) => {
  const first = await createTask({ store }, keyed(tenant, 'purged'));
  const second = await createTask({ store }, keyed(tenant, 'kept'));
  const age = (key: string) => db.sql`
    update idempotency_keys set created_at = created_at - interval '24 hours 1 second'
    where key = ${key} and project_id = ${tenant.projectId}`;
  await age('purged');
  await purgeIdempotencyKeys({ db });
  expect(
    await db.sql`
    select key from idempotency_keys where project_id = ${tenant.projectId}`,
  ).toEqual([{ key: 'kept' }]);
  await age('kept');
  const again = await createTask({ store }, keyed(tenant, 'purged'));
  const other = await createTask({ store }, keyed(tenant, 'kept', 'another body'));
  expect([again.isRepeat, other.isRepeat]).toEqual([false, false]);
  expect([again.id, other.id]).not.toEqual([first.id, second.id]);
  expect((await createTask({ store }, keyed(tenant, 'kept', 'another body'))).id).toBe(other.id);
});
