import { fileURLToPath } from 'node:url';

import { readMigrationFiles } from 'drizzle-orm/migrator';
import postgres from 'postgres';

import { addressOf } from './address-of.ts';
import { isLockTimeout, isUnavailable } from './failures.ts';
import { MIGRATIONS_FOLDER } from './migrations-folder.ts';
import { unusable } from './unusable.ts';

const MIGRATION_LOCK = 7_268_651;
/** How long to wait for another migration to end. */
const TURN_WAIT_MS = 60_000;
/** How long to wait for a table's lock: all later statements on that table queue behind it. */
const TABLE_WAIT_MS = 10_000;
const CLOSE_SECONDS = 1;

/**
 * Brings the schema up to date in one transaction. Several processes may call it at once; one
 * migrates, the others wait for up to `turnWaitMs`. The lock belongs to the transaction, because a
 * pooler keeps sessions and their locks after this process has ended. Applied migrations are
 * recorded where drizzle-kit's own migrator records them.
 */
export async function migrateDb(
  url: string,
  { turnWaitMs = TURN_WAIT_MS }: { turnWaitMs?: number } = {},
): Promise<void> {
  const client = postgres(url, {
    ...addressOf(url),
    max: 1,
    prepare: false,
    onnotice: () => {},
  });
  let isOurTurn = false;
  try {
    // A process that waited must see what the other one has committed.
    await client.begin('isolation level read committed', async (tx) => {
      await tx`select set_config('lock_timeout', ${String(turnWaitMs)}, true)`;
      await tx`select pg_advisory_xact_lock(${MIGRATION_LOCK})`;
      isOurTurn = true;
      await tx`select set_config('lock_timeout', ${String(TABLE_WAIT_MS)}, true)`;
      await runMissing(tx);
    });
  } catch (error) {
    throw explain(url, error, isOurTurn);
  } finally {
    await client.end({ timeout: CLOSE_SECONDS });
  }
}

async function runMissing(tx: postgres.TransactionSql): Promise<void> {
  await tx.unsafe(`
    create schema if not exists drizzle;
    create table if not exists drizzle.__drizzle_migrations (
      id serial primary key, hash text not null, created_at bigint)`);
  const [last] = await tx<{ at: string }[]>`
    select coalesce(max(created_at), 0)::text as at from drizzle.__drizzle_migrations`;
  const migrations = readMigrationFiles({ migrationsFolder: fileURLToPath(MIGRATIONS_FOLDER) });
  for (const { sql, hash, folderMillis } of migrations) {
    if (folderMillis <= Number(last?.at)) continue;
    for (const statement of sql) await tx.unsafe(statement);
    await tx`
      insert into drizzle.__drizzle_migrations (hash, created_at) values (${hash}, ${folderMillis})`;
  }
}

function explain(url: string, error: unknown, isOurTurn: boolean): unknown {
  if (isUnavailable(error)) return unusable(url, error);
  if (!isLockTimeout(error)) return error;
  return isOurTurn
    ? new Error(
        'Nothing was changed: a table was in use for 10 s. End long transactions and backups, then run it again.',
        { cause: error },
      )
    : new Error(
        'Nothing was changed: another migration is under way. See in pg_stat_activity what it waits for, then run this again.',
        { cause: error },
      );
}
