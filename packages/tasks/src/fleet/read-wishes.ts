import type { Db } from '@runfleet/db';

/** What a queued task wishes of the worker that it is placed on. */
export type Wishes = {
  /** Tasks of one session, within their tenant. */
  readonly affinity: string | null;
  /** Workers on which it failed. */
  readonly avoids: readonly string[];
};

/** The wishes of tasks, by id. A task that is gone has none. */
export async function readWishes(
  ctx: { db: Db },
  taskIds: readonly string[],
): Promise<Map<string, Wishes>> {
  const rows = await ctx.db.sql<(Wishes & { id: string })[]>`
    select id, affinity, avoids from tasks
    where id = any(${taskIds}::bigint[])
      and (affinity is not null or avoids <> '{}')`;
  return new Map(rows.map(({ id, ...wishes }) => [id, wishes]));
}
