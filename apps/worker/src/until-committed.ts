import { setTimeout as delay } from 'node:timers/promises';

const FIRST_RETRY_MS = 50;
const RETRY_MS_MAX = 1_000;

/**
 * Gives a write to Postgres again until it is answered. The verbs know a repeat, so a commit whose
 * answer was lost is not applied twice. Rejects with the signal's reason once that is aborted.
 */
export async function untilCommitted<R>(write: () => Promise<R>, signal: AbortSignal): Promise<R> {
  for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_MS_MAX)) {
    try {
      return await write();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** Connection errors have Node's or postgres.js's codes; a statement that Postgres refused has five characters. */
function isUnavailable(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') return false;
  const isRefusedStatement = /^[0-9A-Z]{5}$/.test(code);
  // 57P: the server shuts down or starts; 53: out of connections; 08: connection trouble.
  return !isRefusedStatement || /^(57P|53|08)/.test(code);
}
