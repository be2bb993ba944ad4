import { Redis } from 'ioredis';

const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 1_000;
/** A connection that owes an answer for so long is replaced: its other end may be gone without a word. */
const SILENCE_MS_MAX = 5_000;

/**
 * A connection that fails at once while Redis is away and comes back on its own. Nothing is queued
 * or sent again: what was missed is in Postgres.
 */
export function connectRedis(url: string, name: string): Redis {
  return new Redis(url, {
    connectionName: name,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    socketTimeout: SILENCE_MS_MAX,
    retryStrategy: (attempt) =>
      Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2),
  });
}
