import { expect } from 'vitest';

import { migrateDb } from './migrate.ts';
import { readSchemaState } from './schema-state.ts';
import { testWithDb as test } from './testing.ts';

const LOCK = 7_268_651;
const EMPTY = 'drop schema drizzle cascade; drop schema public cascade; create schema public';

test('several migrations at once end with one schema', async ({ databaseUrl, db }) => {
  await db.sql.unsafe(EMPTY);
  await Promise.all([migrateDb(databaseUrl), migrateDb(databaseUrl), migrateDb(databaseUrl)]);
  const { known, missing, unknown, tablesMissing } = await readSchemaState(db.sql);
  expect({ missing, unknown, tablesMissing }).toEqual({ missing: 0, unknown: 0, tablesMissing: 0 });
  expect(await db.sql`select 1 from drizzle.__drizzle_migrations`).toHaveLength(known);
});

test('a migration that waits for another one gives up after its limit and reports why', async ({
  databaseUrl,
  db,
}) => {
  await db.sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCK})`;
    await expect(migrateDb(databaseUrl, { turnWaitMs: 100 })).rejects.toThrow(
      'another migration is under way',
    );
  });
  await migrateDb(databaseUrl, { turnWaitMs: 100 });
});

test('a migration names the Postgres that it cannot reach, and no password', async () => {
  const url = 'postgres://ann:hidden@127.0.0.1:1/z';
  const error = await migrateDb(url).catch(String);
  expect(error).toContain('Postgres at 127.0.0.1:1/z cannot be used: connect ECONNREFUSED');
  expect(error).not.toContain('hidden');
});

test('a migration keeps no lock after it has ended', async ({ databaseUrl, db }) => {
  await migrateDb(databaseUrl);
  expect(
    await db.sql`select 1 from pg_locks where locktype = 'advisory' and objid = ${LOCK}`,
  ).toHaveLength(0);
});
