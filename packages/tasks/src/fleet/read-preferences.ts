import type { Db } from '@runfleet/db';

/** How a queued task prefers to be placed. */
export type Preferences = {
  /** Tasks of one session, within their tenant. */
  readonly affinity: string | null;
  /** Workers on which it failed. */
  readonly avoids: readonly string[];
};

/** The preferences of tasks, by id. A task that is gone has none. */
export async function readPreferences(
  ctx: { db: Db },
  taskIds: readonly string[],
): Promise<Map<string, Preferences>> {
  const rows = await ctx.db.sql<(Preferences & { id: string })[]>`
    select id, affinity, avoids from tasks
    where id = any(${taskIds}::bigint[])
      and (affinity is not null or avoids <> '{}')`;
  return new Map(rows.map(({ id, ...preferences }) => [id, preferences]));
}
