/**
 * What Postgres lists as possibly in need of repair, by reconciler. A list may be too long or stale,
 * which costs a look; what is missing from it is not repaired. The decisions judge. They are made
 * once a second, so each reads an index; `now()` may be looked up in one, `clock_timestamp()` not.
 */
import type { Sql } from '@runfleet/db';

import { LEASE_PULSES, STRIKES_MAX } from './decide-worker.ts';
import { ACCEPT_PULSES, PAUSE_SECONDS_MAX } from './decide.ts';

/** A task in a pause waits no longer than this to be tried without others like it. */
export const ALONE_SECONDS_MAX = 60;

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
  // Whoever waits here fell with two workers, and one of them may be what they died of. So each pool
  // takes one at a time, lest the others fall with it once more, and none waits for that very long.
  'backoff-due': (sql, limit) => sql`
    select id from (
      select id, pool, not_before, row_number() over (partition by pool order by not_before) as turn
      from tasks
      where not_before <= now() or not_before > now() + make_interval(secs => ${PAUSE_SECONDS_MAX})
    ) due
    where (turn = 1 and not exists (
        select from tasks s
        where s.pool = due.pool and s.infra_attempts >= 2
          and (s.worker_id is not null or (s.queued_in is not null and s.not_before is null))))
      or not_before <= now() - make_interval(secs => ${ALONE_SECONDS_MAX})
    order by not_before limit ${limit}`,
  'silent-workers': (sql, limit) => sql`
    select w.id from workers w, pulse p
    where w.state in ('ready', 'draining', 'quarantined') and p.n - w.renewed_pulse > ${LEASE_PULSES}
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
