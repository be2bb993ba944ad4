import type { Micros } from '@runfleet/protocol';

import type { Dice } from './dice.ts';

const DAYS = 14;
const DAY_MS = 86_400_000;
/** The youngest age of a task that has ended. */
const NEWEST_AGE_MS = 10 * 60_000;
const WEEKEND_SHARE = 0.3;

/** The load in each hour (UTC) of a working day: a morning, a dip at lunch, an afternoon, a quiet night. */
// prettier-ignore
const HOURS = [
  0.06, 0.05, 0.04, 0.04, 0.05, 0.08, 0.18, 0.4, 0.75, 0.95, 1, 0.9,
  0.65, 0.85, 0.95, 0.9, 0.75, 0.5, 0.35, 0.3, 0.28, 0.22, 0.15, 0.1,
];

/** The load of the fleet at a moment, from 0 to 1. */
export function busynessAt(ms: number): number {
  const date = new Date(ms);
  const isWeekend = date.getUTCDay() === 0 || date.getUTCDay() === 6;
  return (HOURS[date.getUTCHours()] ?? 0) * (isWeekend ? WEEKEND_SHARE : 1);
}

/** The times at which tasks were queued in the last 14 days, the oldest first. */
export function queueMoments(count: number, now: Micros, dice: Dice): Micros[] {
  const nowMs = Number(now / 1_000n);
  const moments: number[] = [];
  while (moments.length < count) {
    const at = dice.between(nowMs - DAYS * DAY_MS, nowMs - NEWEST_AGE_MS);
    if (dice.fraction() < busynessAt(at)) moments.push(at);
  }
  return moments.toSorted((a, b) => a - b).map((ms) => BigInt(Math.round(ms * 1_000)));
}
