import type { Db } from '@runfleet/db';

/** What an organisation had of the fleet's slots. */
export type SlotUse = {
  organisationId: string;
  /** Seconds in which a slot was its own, of all slots together, in the window. */
  slotSeconds: number;
  /** Slots that are its own now. */
  running: number;
};

/** What came to rest is summed over this many of the newest tasks, however long the window is. */
export const SLOT_USE_TASKS_MAX = 20_000;

/**
 * Who had how much of the fleet in the last `windowSeconds`, most first, `limit` organisations at most.
 * Of a task that was requeued its last attempt counts. Costs the same however many tasks there are.
 */
export async function readSlotUse(
  ctx: { db: Db },
  { windowSeconds, limit }: { windowSeconds: number; limit: number },
): Promise<SlotUse[]> {
  const { sql } = ctx.db;
  return sql<SlotUse[]>`
    with used as (
      select organisation_id, worker_id, assigned_at,
        coalesce(postprocess_ended_at, cancelled_at, now()) as freed_at
      from (
        select organisation_id, worker_id, assigned_at, postprocess_ended_at, cancelled_at
        from tasks order by id desc limit ${SLOT_USE_TASKS_MAX}
      ) newest
      where worker_id is null and (postprocess_ended_at is not null or cancelled_at is not null)
      union all
      select organisation_id, worker_id, assigned_at, now() from tasks where worker_id is not null
    )
    select organisation_id as "organisationId", count(worker_id)::int as running,
      sum(extract(epoch from freed_at - greatest(assigned_at, now() - span)))::float8
        as "slotSeconds"
    from used, make_interval(secs => ${windowSeconds}) as span
    where assigned_at is not null and freed_at > now() - span
    group by organisation_id order by "slotSeconds" desc limit ${limit}`;
}
