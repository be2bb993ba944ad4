import { Redis } from 'ioredis';

import { type CheckContext, type Finding, problem, reasonOf, skipped } from '../check.ts';

const CONNECT_MS = 2_000;

const REPAIR = 'Start it, or correct REDIS_URL.';

/** The check `redis` reports a failed connection; the other checks are skipped then. */
const skip = (): Finding => skipped('Redis cannot be reached: see the check redis');

/** Runs `judge` on Redis, or reports why that is impossible. */
export async function askRedis(
  { settings }: Pick<CheckContext, 'settings'>,
  judge: (redis: Redis) => Promise<Finding>,
  whenAway: (found: string, next: string) => Finding = skip,
): Promise<Finding> {
  if (settings.redisUrl === null)
    return skipped('REDIS_URL is not set, and no `npm start` is running');
  if (!URL.canParse(settings.redisUrl)) {
    return whenAway('REDIS_URL is not a URL', 'Write it as redis://:password@host:port.');
  }
  const { hostname, port } = new URL(settings.redisUrl);
  const place = `Redis at ${hostname}:${port || '6379'}`;
  const redis = new Redis(settings.redisUrl, {
    connectionName: 'runfleet doctor',
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // `connect` rejects with a general message; the reason is in the error event.
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    return whenAway(`${place} cannot be reached: ${reasonOf(lastError ?? error)}`, REPAIR);
  }
  try {
    return await judge(redis);
  } catch (error) {
    return problem(`${place} refuses: ${reasonOf(error)}`, REPAIR);
  } finally {
    redis.disconnect();
  }
}

/** A field of INFO's answer. */
export function infoField(info: string, name: string): string | null {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
}
