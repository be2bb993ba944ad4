import type { LimitPeriod, Micros } from '@runfleet/protocol';

const DAY_MICROS = 86_400_000_000n;
/** 1970-01-05, a Monday. */
const A_MONDAY = 4n * DAY_MICROS;
const WEEK_MICROS = 7n * DAY_MICROS;

/** When the period in which `now` lies begins (UTC); 0 for one that has no beginning. */
export function periodStart(period: LimitPeriod, now: Micros): Micros {
  switch (period) {
    case 'day':
      return now - (now % DAY_MICROS);
    case 'week':
      return now - ((now - A_MONDAY) % WEEK_MICROS);
    case 'month':
      return firstOfMonth(now, 0);
    case 'total':
    case 'now':
      return 0n;
  }
}

/** When the period that begins at `startsAt` ends; null if it does not. */
export function periodEnd(period: LimitPeriod, startsAt: Micros): Micros | null {
  switch (period) {
    case 'day':
      return startsAt + DAY_MICROS;
    case 'week':
      return startsAt + WEEK_MICROS;
    case 'month':
      return firstOfMonth(startsAt, 1);
    case 'total':
    case 'now':
      return null;
  }
}

function firstOfMonth(at: Micros, monthsLater: number): Micros {
  const date = new Date(Number(at / 1_000n));
  return BigInt(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsLater)) * 1_000n;
}
