import { type Limit, periodEnd, periodStart, usedOf } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { type Micros, parseUsd, type Pico } from '@runfleet/protocol';

/** A limit and what counts against it in its current period. */
export type ListedLimit = Limit & {
  /** Null for a limit of each end user, which has as many counts. */
  used: Pico | null;
  /** When the period ends; null if it does not. */
  endsAt: Micros | null;
};

/** All limits of an organisation, oldest first. There are at most `LIMITS_PER_ORGANISATION_MAX`. */
export async function listLimits(ctx: { db: Db }, organisationId: string): Promise<ListedLimit[]> {
  const rows = await ctx.db.sql<
    (Omit<Limit, 'value'> & {
      value: string;
      now: Micros;
      startsAt: Micros | null;
      settled: string;
      held: string;
      active: number;
    })[]
  >`
    select l.id, l.level, l.subject, l.kind, l.period, l.value, l.is_in_force as "isInForce",
      clock_timestamp() as now, c.starts_at as "startsAt", c.settled, c.held, c.active
    from limits l left join lateral (
      select * from limit_counts c where c.limit_id = l.id and c.subject = l.subject
      order by c.starts_at desc limit 1
    ) c on true
    where l.organisation_id = ${organisationId} order by l.id`;
  return rows.map(({ now, startsAt: latest, settled, held, active, value, ...limit }) => {
    const current = periodStart(limit.period, now);
    const isCurrent = latest !== null && latest >= current;
    const isEachUser = limit.level === 'user' && limit.subject === '';
    const count = isCurrent
      ? { settled: parseUsd(settled), held: parseUsd(held), active }
      : { settled: 0n, held: 0n, active: 0 };
    return {
      ...limit,
      value: parseUsd(value),
      used: isEachUser ? null : usedOf(limit.kind, count),
      endsAt: periodEnd(limit.period, isCurrent ? latest : current),
    };
  });
}
