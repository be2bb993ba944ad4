import { type Db, formatMoment, type Transaction } from '@runfleet/db';
import type { CallbackJob } from '@runfleet/queue';

import type { ClaimedDelivery } from './claim-delivery.ts';
import { type Clock, nowIn } from './clock.ts';

/** What came of an attempt, for the log. */
export type AttemptReport = {
  durationMs: number;
  status: number | null;
  error: string | null;
  contentType: string | null;
  body: string;
};

/** What becomes of the delivery. */
export type AttemptVerdict =
  | { state: 'delivered' | 'failed' | 'gone' }
  | { state: 'open'; pauseMs: number };

/**
 * After an attempt without an answer, a target is paused for 2.5 s, then 15 s, 90 s, 9 and 10 min: less
 * than its deliveries are, so that a pause only holds back those that have not been tried.
 */
const PAUSE = { seconds: 2.5, factor: 6, secondsMax: 600 } as const;

/** Deliveries of the target that are started for the slot; a second one, in case another took the first. */
const NEXT_MAX = 2;

/**
 * Writes what an attempt came to and frees its slot. Returns the jobs of deliveries that waited for the
 * slot. An attempt that took longer than its lease changes the delivery only if it was delivered.
 */
export async function closeAttempt(
  ctx: Clock & { db: Db },
  claimed: ClaimedDelivery,
  { report, verdict }: { report: AttemptReport; verdict: AttemptVerdict },
): Promise<CallbackJob[]> {
  const { id, attempt, target, at } = claimed;
  const { state } = verdict;
  const pauseMs = verdict.state === 'open' ? verdict.pauseMs : null;
  return ctx.db.sql.begin(async (sql) => {
    const now = nowIn(sql, ctx);
    const [, , , , next] = await Promise.all([
      sql`
        update callback_deliveries set leased_until = null, state = ${state},
          failures = failures + ${state === 'delivered' ? 0 : 1},
          due_at = case when ${pauseMs}::float8 is null then due_at
            else ${now} + make_interval(secs => ${(pauseMs ?? 0) / 1_000}) end,
          closed_at = case when ${state} = 'open' then null else ${now} end
        where id = ${id} and state = 'open' and (attempts = ${attempt} or ${state} = 'delivered')`,
      sql`
        insert into callback_attempts
          (delivery_id, attempt, at, duration_ms, status, error, content_type, body)
        select id, ${attempt}, ${formatMoment(at)}::text::timestamptz, ${report.durationMs},
          ${report.status}, ${report.error}, ${report.contentType}, ${report.body}
        from callback_deliveries where id = ${id}
        on conflict do nothing`,
      freeSlot(sql, claimed),
      noteAnswer(sql, ctx, claimed, report.status !== null),
      sql<{ deliveryId: string; organisationId: string; attempt: number }[]>`
        select id as "deliveryId", organisation_id as "organisationId", attempts as attempt
        from callback_deliveries
        where target = ${target} and state = 'open' and due_at <= ${now}
          and (leased_until is null or leased_until <= ${now})
        order by due_at limit ${NEXT_MAX}`,
    ]);
    return [...next];
  });
}

/** Undoes a claim whose attempt was not made to its end, because this process stops. */
export async function releaseClaim(ctx: { db: Db }, claimed: ClaimedDelivery): Promise<void> {
  const { id, attempt } = claimed;
  await ctx.db.sql.begin((sql) => [
    sql`
      update callback_deliveries set leased_until = null
      where id = ${id} and state = 'open' and attempts = ${attempt}`,
    freeSlot(sql, claimed),
  ]);
}

function freeSlot(sql: Transaction, claimed: ClaimedDelivery) {
  return sql`
    update callback_targets set leases = leases - ${claimed.id}::text
    where target = ${claimed.target}`;
}

function noteAnswer(
  sql: Transaction,
  ctx: Clock,
  { target }: ClaimedDelivery,
  isAnswered: boolean,
) {
  const nowMs = sql`(extract(epoch from ${nowIn(sql, ctx)}) * 1000)::bigint`;
  if (isAnswered) {
    return sql`
      update callback_targets set is_answering = true, silences = 0, paused_until_ms = 0
      where target = ${target}`;
  }
  // Attempts that were in flight together end while the first of them has paused the target.
  return sql`
    update callback_targets set is_answering = false, silences = silences + 1,
      paused_until_ms = ${nowMs} + 1000 * least(${PAUSE.secondsMax}::float8,
        ${PAUSE.seconds}::float8 * power(${PAUSE.factor}::float8, least(silences, 9)))::int
    where target = ${target} and paused_until_ms <= ${nowMs}`;
}
