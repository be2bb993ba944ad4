import type { Db } from '@runfleet/db';
import type { Share } from '@runfleet/scheduler';

/** What organisations are to get of every pool, by their ids. */
export async function listShares(
  ctx: { db: Db },
  organisationIds: readonly string[],
): Promise<Map<string, Share>> {
  const rows = await ctx.db.sql<Share[]>`
    select id as "organisationId", weight, running_limit as "runningLimit" from organisations
    where id = any(${organisationIds}::bigint[])`;
  return new Map(rows.map((share) => [share.organisationId, share]));
}
