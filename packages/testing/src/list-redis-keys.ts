import { Redis } from 'ioredis';

/**
 * The keys of a test's Redis database with their TTL in seconds; null for keys that do not expire.
 */
export async function listRedisKeys(
  redisUrl: string,
): Promise<{ key: string; endsInSeconds: number | null }[]> {
  const redis = new Redis(redisUrl);
  try {
    const keys = await redis.keys('*');
    const ends = await Promise.all(keys.map((key) => redis.ttl(key)));
    return keys
      .map((key, index) => ({ key, end: ends[index] ?? -1 }))
      .filter(({ end }) => end !== GONE)
      .map(({ key, end }) => ({ key, endsInSeconds: end === NEVER ? null : end }));
  } finally {
    redis.disconnect();
  }
}

const NEVER = -1;
const GONE = -2;
