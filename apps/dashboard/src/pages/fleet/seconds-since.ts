const MICROS_PER_SECOND = 1_000_000;

/** Seconds between two moments by the database's clock, in microseconds as strings. */
export function secondsSince(at: string, now: string): number {
  return Math.max(0, Number(BigInt(now) - BigInt(at)) / MICROS_PER_SECOND);
}
