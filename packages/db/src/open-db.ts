import { setTimeout as delay } from 'node:timers/promises';

import { NotReadyError } from '@runfleet/service';

import { connectDb, type ConnectOptions, type Db, type Sql } from './connect.ts';
import { isPassing } from './failures.ts';
import { findPooler } from './find-pooler.ts';
import { readSchemaState, requireOwnSchema, requireSchema } from './schema-state.ts';
import { unusable } from './unusable.ts';

const WAIT_MS = 60_000;
const RETRY_MS = 500;

/**
 * Connects as a role does: waits for up to `waitMs` while Postgres is unavailable, detects a
 * pooler, and rejects if the schema is not the one that this code needs.
 */
export async function openDb(
  url: string,
  options: Omit<ConnectOptions, 'isPooled'> & {
    waitMs?: number;
    onUnavailable?: (error: unknown) => void;
    signal?: AbortSignal | undefined;
  } = {},
): Promise<Db> {
  const { waitMs = WAIT_MS, onUnavailable = () => {}, signal, ...connect } = options;
  const isPooled = await retryWhilePassing(() => findPooler(url), {
    url,
    waitMs,
    onUnavailable,
    signal,
  });
  const db = connectDb(url, { ...connect, isPooled });
  try {
    requireOwnSchema(await readSchemaState(db.sql));
    if (isPooled) await requireIsolation(db.sql);
    return db;
  } catch (error) {
    await db[Symbol.asyncDispose]();
    throw error;
  }
}

/** For /readyz. Rejects while a role cannot work on its database. */
export async function checkDatabase(db: Pick<Db, 'sql'>): Promise<void> {
  requireSchema(await readSchemaState(db.sql));
}

/**
 * Our own connections set it; a pooler's cannot, and statements outside of a transaction depend on
 * it.
 */
async function requireIsolation(sql: Sql): Promise<void> {
  const [row] = await sql<{ isolation: string }[]>`
    select current_setting('default_transaction_isolation') as isolation`;
  if (row?.isolation === 'read committed') return;
  throw new NotReadyError(
    `There is a pooler in front of Postgres, and default_transaction_isolation is ${row?.isolation}.`,
    "Set it to 'read committed' for this database and user, or in the pooler's connect_query.",
  );
}

async function retryWhilePassing<T>(
  ask: () => Promise<T>,
  ctx: {
    url: string;
    waitMs: number;
    onUnavailable: (error: unknown) => void;
    signal: AbortSignal | undefined;
  },
): Promise<T> {
  const giveUpAt = performance.now() + ctx.waitMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error) || performance.now() >= giveUpAt) throw unusable(ctx.url, error);
      if (isFirst) ctx.onUnavailable(error);
      ctx.signal?.throwIfAborted();
      await delay(RETRY_MS);
    }
  }
}
