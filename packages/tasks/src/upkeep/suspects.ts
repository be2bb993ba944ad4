/**
 * Rows that may need repair, by reconciler. A list may be too long or stale, since decisions check
 * each row again; a row that is missing from it is not repaired. The lists are read once a second, so
 * each uses an index. `now()` can be used with one, `clock_timestamp()` cannot.
 */
import type { Sql } from '@runfleet/db';

import { LEASE_PULSES, STRIKES_MAX } from '../fleet/decide-worker.ts';
import { ACCEPT_PULSES, PAUSE_SECONDS_MAX } from '../life/decide.ts';

/** The longest that a suspect waits for those of other tenants. */
export const ALONE_SECONDS_MAX = 60;
/** How long a suspect's success counts in favour of its tenant's others. */
const PROOF_SECONDS = 10;

type List = (sql: Sql, limit: number) => PromiseLike<{ id: string }[]>;

export const SUSPECTS = {
  'accept-deadlines': (sql, limit) => sql`
    select t.id from tasks t, pulse p
    where t.worker_id is not null and t.status = 'task_assign'
      and p.n - t.assigned_pulse > ${ACCEPT_PULSES}
    limit ${limit}`,
  'lost-workers': (sql, limit) => sql`
    select t.id from tasks t left join workers w on w.id = t.worker_id
    where t.worker_id is not null
      and (w.id is null or w.state in ('lost', 'stopped') or w.generation <> t.worker_generation)
    limit ${limit}`,
  'overdue-runs': (sql, limit) => sql`
    select t.id from tasks t, pulse p
    where t.worker_id is not null and t.accepted_at is not null
      and p.n - t.assigned_pulse > t.timeout_seconds
    limit ${limit}`,
  'start-deadlines': (sql, limit) => sql`
    (select id from tasks
      where queued_in is not null and start_by <= now() limit ${limit})
    union all
    (select id from tasks
      where worker_id is not null and status = 'task_assign' and start_by <= now()
      limit ${limit})`,
  // These tasks failed with two workers and may have crashed them. Each pool retries one at a time, so
  // that no other task fails with it. After a while tenants no longer wait for one another. A tenant
  // whose suspects succeed gets two more for each: then the fleet was at fault.
  'backoff-due': (sql, limit) => sql`
    with due as (
      select id, pool, organisation_id, not_before,
        row_number() over (partition by pool order by not_before) as turn,
        row_number() over (partition by pool, organisation_id order by not_before) as own_turn
      from tasks
      where not_before <= now() or not_before > now() + make_interval(secs => ${PAUSE_SECONDS_MAX})
    ), tried as (
      select pool, organisation_id, count(*) as own_count
      from tasks
      where infra_attempts >= 2
        and (worker_id is not null or (queued_in is not null and not_before is null))
      group by pool, organisation_id
    ), proven as (
      select pool, organisation_id, count(*) as count from tasks
      where outcome = 'succeeded' and infra_attempts >= 2 and exists (select from due)
        and coalesce(postprocess_ended_at, cancelled_at) > now() - make_interval(secs => ${PROOF_SECONDS})
      group by pool, organisation_id
    )
    select d.id from due d
    left join proven p using (pool, organisation_id)
    left join tried own using (pool, organisation_id)
    cross join lateral (select d.own_turn + coalesce(own.own_count, 0) as at_once) tenant
    where (d.turn = 1 and not exists (select from tried t where t.pool = d.pool))
      or (at_once = 1 and d.not_before <= now() - make_interval(secs => ${ALONE_SECONDS_MAX}))
      or at_once <= 1 + 2 * p.count
    order by d.not_before limit ${limit}`,
  // Jumps from lane to lane by the index, past the tasks in each.
  'parked-tasks': (sql, limit) => sql`
    with recursive duty as (
      select pools, labels from workers where state in ('ready', 'draining', 'quarantined')
    ), pools as (
      select pool, pool || ' parked' as queued_in from duty, unnest(pools) pool group by pool
    ), lanes as (
      select pool, queued_in, (select requires from tasks t
        where t.queued_in = p.queued_in and t.requires <> '{}'
        order by requires limit 1) as requires
      from pools p
      union all
      select pool, queued_in, (select requires from tasks t
        where t.queued_in = l.queued_in and t.requires <> '{}' and t.requires > l.requires
        order by requires limit 1)
      from lanes l where l.requires is not null
    )
    select t.id from lanes l cross join lateral (
      select id from tasks t
      where t.queued_in = l.queued_in and t.requires <> '{}' and t.requires = l.requires
      order by id limit ${limit}
    ) t
    where l.requires is not null and exists (
      select from duty where l.pool = any(duty.pools) and duty.labels @> l.requires)
    limit ${limit}`,
  'silent-workers': (sql, limit) => sql`
    select w.id from workers w, pulse p
    where w.state in ('ready', 'draining', 'quarantined')
      and p.n - greatest(w.renewed_pulse, w.kept_pulse) > ${LEASE_PULSES}
    limit ${limit}`,
  quarantines: (sql, limit) => sql`
    select id from workers where state = 'ready' and strikes >= ${STRIKES_MAX} limit ${limit}`,
  paroles: (sql, limit) => sql`
    select w.id from workers w, pulse p
    where w.state = 'quarantined' and w.quarantined_until <= p.n limit ${limit}`,
  'slot-counts': (sql, limit) => sql`
    select w.id from workers w
    where w.state in ('ready', 'draining', 'quarantined')
      and w.used <> (select count(*) from tasks t
        where t.worker_id = w.id and t.worker_generation = w.generation)
    limit ${limit}`,
} as const satisfies Record<string, List>;

export type SuspectKind = keyof typeof SUSPECTS;
