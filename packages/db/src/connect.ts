import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

import { MOMENT_TYPE } from './moment.ts';
import * as schema from './schema/index.ts';

/** `sql` for the hot path: written statements, moments as bigint microseconds. */
export type Sql = postgres.Sql<{ moment: bigint }>;
/** What can run a statement: a pool, or the connection of a transaction. */
export type Transaction = postgres.ISql<{ moment: bigint }>;
/** A statement that is written but not sent. */
export type Statement = postgres.PendingQuery<postgres.Row[]>;
/** `orm` for everything else; a pool of its own, since Drizzle changes how its client reads values. */
export type Orm = PostgresJsDatabase<typeof schema>;

export type Db = AsyncDisposable & { readonly sql: Sql; readonly orm: Orm };

const ORM_CONNECTIONS = 4;
const CLOSE_TIMEOUT_SECONDS = 5;
const RECONNECT_SECONDS_MIN = 0.05;
/** The driver's own pauses grow to 20 s within one second of an absence, since its connections count together. */
const RECONNECT_SECONDS_MAX = 2;

/**
 * For connections whose statements find rows by ids. Left to itself Postgres plans these again for
 * each few ids, which takes as long as to run them, or keeps the plan that was best for an empty
 * table: to read all of it. `jit`, since the one row of `pulse`, read without an index, counts as
 * dear enough to be compiled.
 */
const BY_IDS = { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off', jit: 'off' };

/**
 * Opens pooled connections lazily; nothing is sent until the first statement. `findsByIds`: all
 * statements of `sql` do, and are planned once, for an index.
 */
export function connectDb(
  url: string,
  options: { connections?: number; name?: string; findsByIds?: boolean } = {},
): Db {
  const { connections = 10, name = 'runfleet', findsByIds = false } = options;
  const onnotice = () => {};
  const backoff = pauseSeconds;
  const connection = { application_name: name };
  const sql = postgres(url, {
    onnotice,
    backoff,
    connection: findsByIds ? { ...connection, ...BY_IDS } : connection,
    max: connections,
    types: { moment: MOMENT_TYPE },
  });
  const ormClient = postgres(url, { onnotice, backoff, connection, max: ORM_CONNECTIONS });
  return {
    sql,
    orm: drizzle(ormClient, { schema, casing: 'snake_case' }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([
        sql.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
        ormClient.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
      ]);
    },
  };
}

/** Before a lost connection is opened again; at random between half and whole, so that many do not come at once. */
function pauseSeconds(failures: number): number {
  const whole = Math.min(RECONNECT_SECONDS_MAX, RECONNECT_SECONDS_MIN * 2 ** failures);
  return whole * (0.5 + Math.random() / 2);
}
