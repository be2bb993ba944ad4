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
/**
 * `orm` for everything else; a pool of its own, since Drizzle changes how its client reads values.
 */
export type Orm = PostgresJsDatabase<typeof schema>;

export type Db = AsyncDisposable & { readonly sql: Sql; readonly orm: Orm };

export type ConnectOptions = {
  connections?: number;
  name?: string;
  /** All statements of `sql` find rows by ids; they are planned once, for an index. */
  findsByIds?: boolean;
  /** There is a pooler in between: session state does not survive a transaction. */
  isPooled?: boolean;
};

const ORM_CONNECTIONS = 4;
const CLOSE_TIMEOUT_SECONDS = 5;
const RECONNECT_SECONDS_MIN = 0.05;
/**
 * The driver's own backoff grows to 20 s within a second, because its connections share one
 * counter.
 */
const RECONNECT_SECONDS_MAX = 2;

/** The statements assume this level, whatever the database's default is. */
const ISOLATION = 'read committed' as const;

/**
 * For connections whose statements find rows by ids. By default Postgres either plans these again
 * for each list of ids, which takes as long as running them, or keeps the plan that was best for
 * an empty table, a full scan. `jit` is off because reading the one row of `pulse` without an
 * index is costed high enough to trigger it.
 */
const BY_IDS = { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off', jit: 'off' };

/**
 * Opens pooled connections lazily; nothing is sent until the first statement.
 *
 * Behind a pooler a connection sets only its name, because a pooler refuses or drops other
 * parameters. Statements are not prepared, because each one may run in another server process.
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

/**
 * Every transaction sets its isolation level, because a pooler's session may have another default.
 */
function beginningAs(sql: Sql, mode: string): Sql {
  const begin = sql.begin.bind(sql);
  type Work = (tx: postgres.TransactionSql<{ moment: bigint }>) => unknown;
  // Both overloads of the driver's `begin`, which returns what `work` resolves to.
  sql.begin = ((first: string | Work, work?: Work) =>
    typeof first === 'string' && work
      ? begin(`${mode} ${first}`, work)
      : begin(mode, first as Work)) as Sql['begin'];
  return sql;
}

/** The pause before a reconnect, with jitter so that many connections do not reconnect at once. */
function pauseSeconds(failures: number): number {
  const whole = Math.min(RECONNECT_SECONDS_MAX, RECONNECT_SECONDS_MIN * 2 ** failures);
  return whole * (0.5 + Math.random() / 2);
}
