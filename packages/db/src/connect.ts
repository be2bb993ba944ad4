import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

import { addressOf } from './address-of.ts';
import { MOMENT_TYPE } from './moment.ts';
import * as schema from './schema/index.ts';
import { ORM_FORMATS, SQL_FORMATS } from './wire-formats.ts';

/** `sql` for the hot path: written statements, moments as bigint microseconds. */
export type Sql = postgres.Sql<{ moment: bigint }>;
/** What can run a statement: a pool, or the connection of a transaction. */
export type Transaction = postgres.ISql<{ moment: bigint }>;
/** A statement that is written but not sent. */
export type Statement = postgres.PendingQuery<postgres.Row[]>;
/** `orm` for everything else; a pool of its own, since Drizzle changes how its client reads values. */
export type Orm = PostgresJsDatabase<typeof schema>;

export type Db = AsyncDisposable & { readonly sql: Sql; readonly orm: Orm };

export type ConnectOptions = {
  connections?: number;
  name?: string;
  /** All statements of `sql` find rows by ids; they are planned once, for an index. */
  findsByIds?: boolean;
  /** A pooler stands between: what belongs to a session is not there at the next transaction. */
  isPooled?: boolean;
};

const ORM_CONNECTIONS = 4;
const CLOSE_TIMEOUT_SECONDS = 5;
const RECONNECT_SECONDS_MIN = 0.05;
/** The driver's own pauses grow to 20 s within one second of an absence, since its connections count together. */
const RECONNECT_SECONDS_MAX = 2;

/** What the statements are written for, whatever the database was set to. */
const ISOLATION = 'read committed' as const;

/**
 * For connections whose statements find rows by ids. Left to itself Postgres plans these again for
 * each few ids, which takes as long as to run them, or keeps the plan that was best for an empty
 * table: to read all of it. `jit`, since the one row of `pulse`, read without an index, counts as
 * expensive enough to be compiled.
 */
const BY_IDS = { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off', jit: 'off' };

/**
 * Opens pooled connections lazily; nothing is sent until the first statement.
 *
 * Behind a pooler a connection asks for nothing but its name, since a pooler refuses or drops the
 * rest, and statements have no names, since each may meet another server process.
 */
export function connectDb(url: string, options: ConnectOptions = {}): Db {
  const { connections = 10, name = 'runfleet', findsByIds = false, isPooled = false } = options;
  const shared = { onnotice: () => {}, backoff: pauseSeconds, prepare: !isPooled };
  const connection = {
    application_name: name,
    ...(isPooled ? {} : { default_transaction_isolation: ISOLATION }),
  };
  const sql = postgres(url, {
    ...addressOf(url),
    ...shared,
    connection: findsByIds && !isPooled ? { ...connection, ...BY_IDS } : connection,
    max: connections,
    types: { moment: MOMENT_TYPE },
    binary: SQL_FORMATS,
  });
  const ormClient = postgres(url, {
    ...addressOf(url),
    ...shared,
    connection,
    max: ORM_CONNECTIONS,
    binary: ORM_FORMATS,
  });
  return {
    sql: beginningAs(sql, `isolation level ${ISOLATION}`),
    orm: drizzle(ormClient, { schema, casing: 'snake_case' }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([
        sql.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
        ormClient.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
      ]);
    },
  };
}

/** Every transaction says what it is, since a pooler's session may have another default. */
function beginningAs(sql: Sql, mode: string): Sql {
  const begin = sql.begin.bind(sql);
  type Work = (tx: postgres.TransactionSql<{ moment: bigint }>) => unknown;
  // Both overloads of the driver's `begin`, which gives back what `work` resolves to.
  sql.begin = ((first: string | Work, work?: Work) =>
    typeof first === 'string' && work
      ? begin(`${mode} ${first}`, work)
      : begin(mode, first as Work)) as Sql['begin'];
  return sql;
}

/** Before a lost connection is opened again; at random between half and whole, so that many do not come at once. */
function pauseSeconds(failures: number): number {
  const whole = Math.min(RECONNECT_SECONDS_MAX, RECONNECT_SECONDS_MIN * 2 ** failures);
  return whole * (0.5 + Math.random() / 2);
}
