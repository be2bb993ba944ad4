import { readFileSync } from 'node:fs';

import { NotReadyError } from '@runfleet/service';
import { getTableName, is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';

import type { Transaction } from './connect.ts';
import { MIGRATIONS_FOLDER } from './migrations-folder.ts';
import * as schema from './schema/index.ts';

export type SchemaState = {
  /** Migrations of this code. */
  readonly known: number;
  /** Migrations of this code that are missing in the database. */
  readonly missing: number;
  /** Migrations in the database that this code does not have. */
  readonly unknown: number;
  /** Tables that a statement of this code does not find. */
  readonly tablesMissing: number;
  /** Whether the tables exist in schemas outside of `search_path`. */
  readonly isHidden: boolean;
  /** Whether this session is read-only: a standby, or a setting of the database. */
  readonly isReadOnly: boolean;
};

type Journal = { entries: { when: number }[] };

const JOURNAL = readFileSync(new URL('meta/_journal.json', MIGRATIONS_FOLDER), 'utf8');
const KNOWN = (JSON.parse(JOURNAL) as Journal).entries.map(({ when }) => when);

const TABLES = Object.values(schema)
  .filter((table) => is(table, PgTable))
  .map((table) => getTableName(table));

/** Compares the database with what this code needs. */
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
  if (!row) throw new Error('Postgres returned no row for an aggregate.');
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

/** Throws NotReadyError, with a next step, if a role cannot work on this database. */
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
      'Set DATABASE_URL to the primary.',
    );
  }
}

/** Also refuses a later schema: this code may misread its rows. */
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
