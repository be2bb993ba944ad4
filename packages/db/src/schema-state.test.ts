import { expect } from 'vitest';

import { openDb } from './open-db.ts';
import { readSchemaState, requireOwnSchema, requireSchema } from './schema-state.ts';
import { testWithDb as test } from './testing.ts';

test.for([
  [
    'has nothing',
    'drop schema drizzle cascade; drop schema public cascade; create schema public',
    'Run: runfleet migrate',
  ],
  [
    'lost its tables',
    'drop schema public cascade; create schema public',
    /Tables are missing \(\d\d\)/,
  ],
  ['lost one table', 'drop table pool_leases', 'Tables are missing (1)'],
  [
    'lacks a migration',
    'delete from drizzle.__drizzle_migrations where id = (select max(id) from drizzle.__drizzle_migrations)',
    'Run: runfleet migrate',
  ],
  [
    'hides its tables',
    `do $$ begin execute format('alter database %I set search_path = pg_catalog', current_database()); end $$`,
    'search_path',
  ],
  [
    'takes no writes',
    `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
    'takes no writes',
  ],
] as const)(
  'a database that %s is refused, with a next step',
  async ([, change, said], { databaseUrl, db }) => {
    await db.sql.unsafe(change);
    await expect(openDb(databaseUrl)).rejects.toThrow(said);
  },
);

test('a later schema is refused at startup and serves processes that already run', async ({
  databaseUrl,
  db,
}) => {
  await db.sql`
    insert into drizzle.__drizzle_migrations (hash, created_at) values ('later', 9999999999999)`;
  await expect(openDb(databaseUrl)).rejects.toThrow('newer than this Runfleet');
  const state = await readSchemaState(db.sql);
  expect(() => requireOwnSchema(state)).toThrow('newer');
  expect(() => requireSchema(state)).not.toThrow();
});

test('a wrong password and a missing database are reported at once, without the password', async ({
  databaseUrl,
}) => {
  const wrong = new URL(databaseUrl);
  wrong.password = 'hidden';
  await expect(openDb(wrong.href)).rejects.toThrow(
    /cannot be used: password authentication failed/,
  );
  const absent = new URL(databaseUrl);
  absent.pathname = '/absent';
  await expect(openDb(absent.href)).rejects.toThrow(/"absent" does not exist/);
});

test('startup waits for an unavailable Postgres and reports it once', async () => {
  const stop = new AbortController();
  const seen: unknown[] = [];
  const opened = openDb('postgres://127.0.0.1:1/x', {
    onUnavailable: (error) => {
      seen.push(error);
      stop.abort(new Error('enough'));
    },
    signal: stop.signal,
  });
  await expect(opened).rejects.toThrow('enough');
  expect(seen).toHaveLength(1);
  await expect(openDb('postgres://127.0.0.1:1/x', { waitMs: 0 })).rejects.toThrow('ECONNREFUSED');
});
