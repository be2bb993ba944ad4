import { testWithServers } from '@runfleet/testing';

import { connectDb, type Db } from './connect.ts';
import { migrateDb } from './migrate.ts';

/** A test with its own migrated Postgres database and its own Redis database. */
export const testWithDb = testWithServers('runfleet', migrateDb).extend(
  'db',
  async ({ databaseUrl }, { onCleanup }): Promise<Db> => {
    const db = connectDb(databaseUrl);
    onCleanup(() => db[Symbol.asyncDispose]());
    return db;
  },
);

/** Settings that other users of a database may have changed. */
export const HOSTILE_SETTINGS = {
  datestyle: 'German, DMY',
  intervalstyle: 'sql_standard',
  timezone: 'Asia/Kathmandu',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  standard_conforming_strings: 'off',
  backslash_quote: 'off',
  lc_numeric: 'C',
  array_nulls: 'off',
  transform_null_equals: 'on',
  quote_all_identifiers: 'on',
  search_path: '"$user", elsewhere, public',
  client_min_messages: 'debug1',
  xmloption: 'document',
} as const;

/** Sets the defaults of every later session. */
export async function setDatabase(
  db: Db,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    const wanted = name === 'search_path' ? value : `'${value}'`;
    const [row] = await db.sql<{ name: string }[]>`select quote_ident(current_database()) as name`;
    await db.sql.unsafe(`alter database ${row?.name} set ${name} = ${wanted}`);
  }
}
