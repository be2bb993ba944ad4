import type { Db } from '@runfleet/db';
import type { CallbackEvent, Micros } from '@runfleet/protocol';

import { type Clock, nowIn } from './clock.ts';

/** Attempts in flight at a target whose last attempt got an answer, and at any other. */
export const TARGET_ATTEMPTS_MAX = 4;
const SILENT_ATTEMPTS_MAX = 1;
/** Longer than an attempt takes. Then another process may make the attempt again. */
export const LEASE_SECONDS = 60;
/** A job may run this much before its delivery is due: clocks differ. */
const EARLY_SECONDS = 1;

export type ClaimedDelivery = {
  id: string;
  organisationId: string;
  projectId: string;
  /** Null for a test. */
  taskId: string | null;
  event: CallbackEvent;
  url: string;
  target: string;
  /** The number of this attempt, from 1. */
  attempt: number;
  /** The failed attempts before it. */
  failures: number;
  at: Micros;
};

/**
 * Takes a delivery that is due for one attempt, and a slot of its target. Null if it is not due, is in
 * flight, or its target is paused or has no free slot: the attempt that frees one starts the next.
 */
export async function claimDelivery(
  ctx: Clock & { db: Db },
  id: string,
): Promise<ClaimedDelivery | null> {
  const { sql } = ctx.db;
  const now = nowIn(sql, ctx);
  const nowMs = sql`(extract(epoch from ${now}) * 1000)::bigint`;
  // The target's row is locked before its leases are counted, so two claims cannot take one slot.
  const [claimed] = await sql<ClaimedDelivery[]>`
    with due as (
      select id, target from callback_deliveries
      where id = ${id} and state = 'open'
        and due_at <= ${now} + make_interval(secs => ${EARLY_SECONDS})
        and (leased_until is null or leased_until <= ${now})
      for update
    ), slot as (
      insert into callback_targets as t (target, leases, used_ms)
      select target, jsonb_build_object(id, ${nowMs} + ${LEASE_SECONDS * 1_000}), ${nowMs} from due
      on conflict (target) do update set used_ms = excluded.used_ms,
        leases = excluded.leases || coalesce((
          select jsonb_object_agg(key, value) from jsonb_each(t.leases)
          where value::bigint > ${nowMs}), '{}')
      where t.paused_until_ms <= ${nowMs} + ${EARLY_SECONDS * 1_000}
        and (select count(*) from jsonb_each(t.leases) where value::bigint > ${nowMs})
          < case when t.is_answering then ${TARGET_ATTEMPTS_MAX}::int else ${SILENT_ATTEMPTS_MAX} end
      returning target
    )
    update callback_deliveries d set attempts = attempts + 1,
      leased_until = ${now} + make_interval(secs => ${LEASE_SECONDS})
    from slot where d.id = ${id}
    returning d.id, d.organisation_id as "organisationId", d.project_id as "projectId",
      d.task_id as "taskId", d.event, d.url, d.target, d.attempts as attempt, d.failures,
      ${now} as at`;
  return claimed ?? null;
}
