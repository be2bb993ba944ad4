import { setTimeout as delay } from 'node:timers/promises';

import { isOutcomeUnknown, isUnavailable } from '@runfleet/db';

const FIRST_RETRY_MS = 50;
const RETRY_MS_MAX = 1_000;

/**
 * Retries a read or a write until Postgres answers. The verbs are idempotent, so a commit whose answer
 * was lost is not applied twice. Rejects with the signal's reason once the signal is aborted.
 */
export async function untilCommitted<R>(write: () => Promise<R>, signal: AbortSignal): Promise<R> {
  for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_MS_MAX)) {
    try {
      return await write();
    } catch (error) {
      if (!isOutcomeUnknown(error) && !isUnavailable(error)) throw error;
      await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
