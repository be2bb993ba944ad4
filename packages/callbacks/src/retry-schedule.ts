/** The pauses after each failed attempt, in seconds; after the last one, the delivery has failed. */
const RETRY_SECONDS = [5, 30, 120, 600, 3_600, 10_800, 21_600, 43_200] as const;
/** Each pause is up to a twelfth longer or shorter, so that deliveries that failed together spread out. */
const JITTER = 1 / 12;

/** The pause after the nth failure, from 1; null after the last attempt. `random` is from 0 to 1. */
export function retryPauseMs(failures: number, random: number): number | null {
  const seconds = RETRY_SECONDS[failures - 1];
  if (seconds === undefined) return null;
  return Math.round(seconds * 1_000 * (1 + JITTER * (2 * random - 1)));
}
