import { Redis } from 'ioredis';

import { type CheckContext, type Finding, problem, reasonOf, skipped } from '../check.ts';

const CONNECT_MS = 2_000;

const MEND = 'Start it, or mend REDIS_URL.';

/** Whether Redis can be asked at all is its own check's finding; the others pass over it. */
const passOver = (): Finding => skipped('Redis cannot be asked: see its own line');

/** Asks Redis, or says why that cannot be. */
export async function askRedis(
  { settings }: Pick<CheckContext, 'settings'>,
  judge: (redis: Redis) => Promise<Finding>,
  whenAway: (found: string, next: string) => Finding = passOver,
): Promise<Finding> {
  if (settings.redisUrl === null) return skipped('there is no REDIS_URL, and no `npm start` runs');
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
  // `connect` rejects with a sentence of its own; why is in the event.
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    return whenAway(`${place} cannot be asked: ${reasonOf(lastError ?? error)}`, MEND);
  }
  try {
    return await judge(redis);
  } catch (error) {
    return problem(`${place} refuses: ${reasonOf(error)}`, MEND);
  } finally {
    redis.disconnect();
  }
}

/** A field of INFO's answer. */
export function infoField(info: string, name: string): string | null {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
}
