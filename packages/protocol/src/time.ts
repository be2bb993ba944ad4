/** A moment by the database's clock, in microseconds since 1970. */
export type Micros = bigint;

/** A billed duration, in units of 0.1 ms (the wire's four decimals of a second). */
export type Ticks = bigint;

const MICROS_PER_TICK = 100n;
const TICKS_PER_SECOND = 10_000n;

/** Whole 0.1 ms between two moments, floored; 0 if the clock stepped back. */
export function ticksBetween(from: Micros, to: Micros): Ticks {
  return to > from ? (to - from) / MICROS_PER_TICK : 0n;
}

/** Seconds with four decimals: `6.0000`. */
export function formatTicks(ticks: Ticks): string {
  const digits = ticks.toString().padStart(5, '0');
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

/** A moment as the wire writes it: unix seconds, floored; "0" if it was not reached. */
export function formatUnixSeconds(at: Micros | null): string {
  return at === null ? '0' : (at / 1_000_000n).toString();
}

/** What `ticks` cost at `picoPerSecond`. Exact whenever the price has at most 8 decimals. */
export function costOf(ticks: Ticks, picoPerSecond: bigint): bigint {
  return (ticks * picoPerSecond) / TICKS_PER_SECOND;
}
