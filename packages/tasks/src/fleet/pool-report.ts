import type { Db, Sql } from '@runfleet/db';
import type { IdleReason } from '@runfleet/protocol';

/** What the leader of a pool last saw. Written about once a second, and only for people to read. */
export type PoolReport = {
  readonly queued: number;
  readonly running: number;
  /** Seconds that the oldest queued task has waited; null where none waits. */
  readonly oldestWaitSeconds: number | null;
  /** For how long it got no slot though its tasks wait for one; null where it is served or nothing waits. */
  readonly unservedMs: number | null;
  /** How many workers with a free slot have nothing to do in this pool, by reason. */
  readonly idle: Readonly<Partial<Record<IdleReason, number>>>;
  /** The same by worker, for a bounded number of them. */
  readonly workers: Readonly<Record<string, IdleReason>>;
};

/** Writes what a leader saw. Nothing is written for a holder that does not lead any more. */
export async function writePoolReport(
  ctx: { db: Db },
  input: { pool: string; holder: string; report: PoolReport },
): Promise<void> {
  await ctx.db.sql`
    update pool_leases set standing = ${JSON.stringify(input.report)}::text::jsonb
    where pool = ${input.pool} and holder = ${input.holder}`;
}

/** What the current leaders reported, by pool. */
export async function readPoolReports(ctx: { db: Db }): Promise<Map<string, PoolReport>> {
  const rows = await ctx.db.sql<{ pool: string; report: PoolReport }[]>`
    ${poolReports(ctx.db.sql)} order by pool`;
  return new Map(rows.map(({ pool, report }) => [pool, report]));
}

/** Rows of a pool and its leader's `PoolReport`, for a query. */
export const poolReports = (sql: Sql) => sql`
  select pool, standing as report from pool_leases
  where standing is not null and renewed_at > clock_timestamp() - interval '10 seconds'`;
