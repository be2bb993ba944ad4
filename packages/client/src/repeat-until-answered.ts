import { RunfleetApiError, RunfleetConnectionError } from './errors.ts';
import { pauseAfter } from './retry-pause.ts';

const TRIES_MAX = 6;
/** Statuses of a server, or a proxy in front of it, that is temporarily unavailable. */
const AWAY: readonly number[] = [502, 503, 504];

/**
 * Repeats a call that was not answered, or whose answer was lost, for about 6 s. Only for idempotent
 * calls. Throws the error of the last attempt.
 */
export async function repeatUntilAnswered<T>(
  call: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      if (failures === TRIES_MAX || !isUnanswered(error)) throw error;
    }
    await pauseAfter(failures, signal);
  }
}

function isUnanswered(error: unknown): boolean {
  if (error instanceof RunfleetApiError) return AWAY.includes(error.status);
  return error instanceof RunfleetConnectionError;
}
