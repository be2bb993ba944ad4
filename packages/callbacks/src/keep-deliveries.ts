/** What a broker does about deliveries from time to time. Each returns how many rows it changed. */
import type { Db } from '@runfleet/db';

import { type Clock, nowIn } from './clock.ts';

type Ctx = Clock & { db: Db };

/** Longest time that a delivery waits for a slot of its target. */
const WAIT_HOURS_MAX = 24;
const CHANGED_MAX = 5_000;
const TARGET_KEPT_MS = 24 * 60 * 60 * 1_000;

/** Ends deliveries whose target had no slot for them within a day. */
export async function failOverdueDeliveries(ctx: Ctx): Promise<number> {
  const { sql } = ctx.db;
  const now = nowIn(sql, ctx);
  const isOverdue = sql`state = 'open' and leased_until is null
    and due_at < ${now} - make_interval(hours => ${WAIT_HOURS_MAX})`;
  const failed = await sql`
    update callback_deliveries set state = 'failed', closed_at = ${now}
    where ${isOverdue} and id = any(array(
      select id from callback_deliveries where ${isOverdue} order by due_at limit ${CHANGED_MAX}))`;
  return failed.count;
}

/** Deletes deliveries that closed more than `keptDays` ago, with their log, and targets without use. */
export async function purgeDeliveries(ctx: Ctx, keptDays: number): Promise<number> {
  const { sql } = ctx.db;
  const now = nowIn(sql, ctx);
  const isOld = sql`closed_at < ${now} - make_interval(days => ${keptDays})`;
  const purged = await sql`
    delete from callback_deliveries
    where ${isOld} and id = any(array(
      select id from callback_deliveries where ${isOld} order by closed_at limit ${CHANGED_MAX}))`;
  // A target that is used again gets a new row; one that is in use was used just now.
  await sql`
    delete from callback_targets where target = any(array(
      select target from callback_targets
      where used_ms < extract(epoch from ${now}) * 1000 - ${TARGET_KEPT_MS}
      order by used_ms limit ${CHANGED_MAX}))
      and used_ms < extract(epoch from ${now}) * 1000 - ${TARGET_KEPT_MS}`;
  return purged.count;
}

/** For metrics: how many deliveries are open, and how late the oldest is that is due. */
export async function readDeliveryLoad(
  ctx: Ctx,
): Promise<{ open: number; oldestDueSeconds: number }> {
  const { sql } = ctx.db;
  const [row] = await sql<{ open: string; late: number | null }[]>`
    select count(*) as open, extract(epoch from ${nowIn(sql, ctx)} - min(due_at))::float8 as late
    from callback_deliveries where state = 'open'`;
  return { open: Number(row?.open ?? 0), oldestDueSeconds: Math.max(0, row?.late ?? 0) };
}
