import type { Db } from '@runfleet/db';

/**
 * The longest context that tasks of a pool can get, by pool. Without pools of which a worker reports
 * none, because it has not loaded the model: its context may be longer.
 */
export async function readContextTokens(ctx: { db: Db }): Promise<Map<string, number>> {
  const rows = await ctx.db.sql<{ pool: string; tokens: number }[]>`
    select p.pool, max((w.loaded -> p.pool ->> 'contextTokens')::int) as tokens
    from workers w cross join lateral unnest(w.pools) as p (pool)
    where w.state not in ('lost', 'stopped')
    group by p.pool
    having bool_and(coalesce(w.loaded -> p.pool ? 'contextTokens', false))`;
  return new Map(rows.map(({ pool, tokens }) => [pool, tokens]));
}
