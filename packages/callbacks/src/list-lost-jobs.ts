import type { Db } from '@runfleet/db';
import type { CallbackJob } from '@runfleet/queue';

import { TARGET_ATTEMPTS_MAX } from './claim-delivery.ts';
import { type Clock, nowIn } from './clock.ts';

/** A job runs within this time unless it was lost, or its target has no free slot. */
const LATE_SECONDS = 5;
const TARGETS_MAX = 10_000;
const JOBS_MAX = 5_000;

type Row = { organisationId: string; deliveryId: string; attempt: number };

/**
 * The jobs of deliveries that are overdue although their target has a free slot: Redis lost them, the
 * process that made the attempt died, or a pause of the target has ended. At most as many for a target as it has slots.
 */
export async function listLostJobs(ctx: Clock & { db: Db }): Promise<CallbackJob[]> {
  const { sql } = ctx.db;
  const now = nowIn(sql, ctx);
  // Jumps from target to target by the index, past the deliveries of each.
  return sql<Row[]>`
    with recursive targets as (
      (select target from callback_deliveries where state = 'open' order by target limit 1)
      union all
      select (select target from callback_deliveries d
        where d.state = 'open' and d.target > t.target order by d.target limit 1)
      from targets t where t.target is not null
    ), free as (
      select t.target from (select target from targets limit ${TARGETS_MAX}) t
      left join callback_targets c on c.target = t.target
      where t.target is not null
        and coalesce(c.paused_until_ms, 0) <= extract(epoch from ${now}) * 1000
        and (select count(*) from jsonb_each(coalesce(c.leases, '{}')) lease
          where lease.value::bigint > extract(epoch from ${now}) * 1000) < ${TARGET_ATTEMPTS_MAX}
    )
    select d.organisation_id as "organisationId", d.id as "deliveryId", d.attempts as attempt
    from free f cross join lateral (
      select organisation_id, id, attempts from callback_deliveries
      where target = f.target and state = 'open'
        and due_at <= ${now} - make_interval(secs => ${LATE_SECONDS})
        and (leased_until is null or leased_until <= ${now})
      order by due_at limit ${TARGET_ATTEMPTS_MAX}
    ) d
    limit ${JOBS_MAX}`;
}

/** The deliveries of a task that are due. */
export async function listTaskJobs(
  ctx: Clock & { db: Db },
  taskId: string,
): Promise<{ organisationId: string; deliveryId: string; attempt: number }[]> {
  const { sql } = ctx.db;
  return sql<Row[]>`
    select organisation_id as "organisationId", id as "deliveryId", attempts as attempt
    from callback_deliveries
    where task_id = ${taskId} and state = 'open' and due_at <= ${nowIn(sql, ctx)}`;
}
