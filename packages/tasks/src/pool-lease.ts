import type { Db } from '@runfleet/db';

const LEASE_SECONDS = 5;

/** A broker's hold on a pool. `indexMark` names the queue index that was last filled completely. */
export type PoolLease = { generation: number; indexMark: string | null };

/**
 * Takes or renews the lead of a pool, by the database's clock. Null: another broker leads. Two that
 * both believe to lead are safe, since the assign commit checks everything again.
 */
export async function leadPool(
  ctx: { db: Db },
  input: { pool: string; holder: string },
): Promise<PoolLease | null> {
  const [lease] = await ctx.db.sql<PoolLease[]>`
    insert into pool_leases (pool, holder, generation, renewed_at)
    values (${input.pool}, ${input.holder}, 1, clock_timestamp())
    on conflict (pool) do update set
      holder = excluded.holder,
      renewed_at = excluded.renewed_at,
      generation = pool_leases.generation
        + case when pool_leases.holder = excluded.holder then 0 else 1 end
    where pool_leases.holder = excluded.holder
      or pool_leases.renewed_at < clock_timestamp() - make_interval(secs => ${LEASE_SECONDS})
    returning generation, index_mark as "indexMark"`;
  return lease ?? null;
}

/** Gives the lead away at once, for a broker that stops. */
export async function yieldPool(
  ctx: { db: Db },
  input: { pool: string; holder: string },
): Promise<void> {
  await ctx.db.sql`
    update pool_leases set renewed_at = 'epoch'
    where pool = ${input.pool} and holder = ${input.holder}`;
}

/** Remembers which index is complete; null while one is being filled. */
export async function writeIndexMark(
  ctx: { db: Db },
  input: { pool: string; holder: string; mark: string | null },
): Promise<void> {
  await ctx.db.sql`
    update pool_leases set index_mark = ${input.mark}
    where pool = ${input.pool} and holder = ${input.holder}`;
}
