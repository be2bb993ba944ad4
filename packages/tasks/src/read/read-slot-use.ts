import type { Db } from '@runfleet/db';

/** What organisations had of the fleet's slots in the last `windowSeconds`, most first. */
export type SlotUses = { windowSeconds: number; uses: SlotUse[] };

type SlotUse = {
  organisationId: string;
  /** Seconds in which a slot was its own, of all slots together. */
  slotSeconds: number;
  /** Slots that are its own now. */
  running: number;
};

/** A window in which more tasks ended is made shorter. */
const ENDED_TASKS_MAX = 20_000;

/**
 * Who had how much of the fleet in the last `windowSeconds` at most, `limit` organisations at most. Of
 * a task that was requeued its last attempt counts. Costs the same however many tasks there are.
 */
export async function readSlotUse(
  ctx: { db: Db },
  options: { windowSeconds: number; limit: number; endedTasksMax?: number },
): Promise<SlotUses> {
  const { sql } = ctx.db;
  const { limit, endedTasksMax = ENDED_TASKS_MAX } = options;
  const [crowded] = await sql<{ seconds: number }[]>`
    select extract(epoch from now() - coalesce(postprocess_ended_at, cancelled_at))::float8 as seconds
    from tasks
    where outcome is not null and coalesce(postprocess_ended_at, cancelled_at)
      > now() - make_interval(secs => ${options.windowSeconds})
    order by coalesce(postprocess_ended_at, cancelled_at) desc
    offset ${endedTasksMax} limit 1`;
  const windowSeconds = crowded?.seconds ?? options.windowSeconds;
  const uses = await sql<SlotUse[]>`
    with used as (
      select organisation_id, null::uuid as worker_id, assigned_at,
        coalesce(postprocess_ended_at, cancelled_at) as freed_at
      from tasks, make_interval(secs => ${windowSeconds}) as span
      where outcome is not null and coalesce(postprocess_ended_at, cancelled_at) > now() - span
      union all
      select organisation_id, worker_id, assigned_at, now() from tasks where worker_id is not null
    )
    select organisation_id as "organisationId", count(worker_id)::int as running,
      sum(extract(epoch from freed_at - greatest(assigned_at, now() - span)))::float8
        as "slotSeconds"
    from used, make_interval(secs => ${windowSeconds}) as span
    where assigned_at is not null
    group by organisation_id order by "slotSeconds" desc limit ${limit}`;
  return { windowSeconds, uses };
}
