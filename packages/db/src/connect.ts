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

/** Opens pooled connections lazily; nothing is sent until the first statement. */
export function connectDb(url: string, options: { connections?: number; name?: string } = {}): Db {
  const shared = {
    onnotice: () => {},
    connection: { application_name: options.name ?? 'runfleet' },
  };
  const sql = postgres(url, {
    ...shared,
    max: options.connections ?? 10,
    types: { moment: MOMENT_TYPE },
  });
  const ormClient = postgres(url, { ...shared, max: ORM_CONNECTIONS });
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
