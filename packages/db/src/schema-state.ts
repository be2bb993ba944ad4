import { readFileSync } from 'node:fs';

import { NotReadyError } from '@runfleet/service';
import { getTableName, is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';

import type { Transaction } from './connect.ts';
import { MIGRATIONS_FOLDER } from './migrations-folder.ts';
import * as schema from './schema/index.ts';

export type SchemaState = {
  /** Migrations that this code knows. */
  readonly known: number;
  /** Of these, those that the database lacks. */
  readonly missing: number;
  /** Migrations of the database that this code does not know. */
  readonly unknown: number;
  /** Tables of this code that a statement does not find. */
  readonly tablesMissing: number;
  /** Whether the tables are there, in schemas that `search_path` leaves out. */
  readonly isHidden: boolean;
  /** Whether this session may not write: a standby, or a database that was set so. */
  readonly isReadOnly: boolean;
};

type Journal = { entries: { when: number }[] };

const JOURNAL = readFileSync(new URL('meta/_journal.json', MIGRATIONS_FOLDER), 'utf8');
const KNOWN = (JSON.parse(JOURNAL) as Journal).entries.map(({ when }) => when);

const TABLES = Object.values(schema)
  .filter((table) => is(table, PgTable))
  .map((table) => getTableName(table));

/** What the database is to this code. */
export async function readSchemaState(sql: Transaction): Promise<SchemaState> {
  const [row] = await sql<
    { isMigrated: boolean; missing: number; hidden: number; isReadOnly: boolean }[]
  >`
    select to_regclass('drizzle.__drizzle_migrations') is not null as "isMigrated",
      count(*) filter (where seen is null)::int as missing,
      count(*) filter (where seen is null and exists (
        select 1 from pg_catalog.pg_class where relname = name and relkind in ('r', 'p')))::int as hidden,
      current_setting('transaction_read_only') = 'on' as "isReadOnly"
    from unnest(${[...TABLES]}::text[]) name, to_regclass(quote_ident(name)) seen`;
  if (!row) throw new Error('Postgres gave no row for an aggregate.');
  const done = row.isMigrated ? await readDone(sql) : new Set<number>();
  return {
    known: KNOWN.length,
    missing: KNOWN.filter((when) => !done.has(when)).length,
    unknown: [...done].filter((when) => !KNOWN.includes(when)).length,
    tablesMissing: row.missing,
    isHidden: row.hidden > 0,
    isReadOnly: row.isReadOnly,
  };
}

/** Throws what keeps a role from working on this database, with what to do. */
export function requireSchema(state: SchemaState): void {
  if (state.missing === state.known) {
    throw new NotReadyError('The database has no schema of Runfleet.', 'Run: runfleet migrate');
  }
  if (state.missing > 0) {
    const count = `${state.missing} of ${state.known} migrations`;
    throw new NotReadyError(`The database lacks ${count}.`, 'Run: runfleet migrate');
  }
  if (state.isHidden) {
    throw new NotReadyError(
      'The tables are in a schema that the search_path of this user and database leaves out.',
      'Add it: alter database ... set search_path.',
    );
  }
  if (state.tablesMissing > 0) {
    throw new NotReadyError(
      `Tables are missing (${state.tablesMissing}) although the database counts as migrated.`,
      'Restore it from a backup; to begin with no data, drop the schema drizzle and run: runfleet migrate',
    );
  }
  if (state.isReadOnly) {
    throw new NotReadyError(
      'Postgres takes no writes: it is a standby, or default_transaction_read_only is on.',
      'Give DATABASE_URL of the primary.',
    );
  }
}

/** Also refuses what a later version has migrated: old code does not know what its rows mean. */
export function requireOwnSchema(state: SchemaState): void {
  requireSchema(state);
  if (state.unknown > 0) {
    throw new NotReadyError(
      `The schema is newer than this Runfleet by ${state.unknown} migrations.`,
      'Start the version that migrated it, or a later one.',
    );
  }
}

async function readDone(sql: Transaction): Promise<Set<number>> {
  const rows = await sql<{ when: string }[]>`
    select created_at::text as when from drizzle.__drizzle_migrations`;
  return new Set(rows.map(({ when }) => Number(when)));
}
