import type { Redis } from 'ioredis';

import { explainRefusal } from './failures.ts';

/** Written to find out whether Redis takes writes; expires on its own. */
const KEY = 'runfleet:check';
const KEY_MS = 1_000;

/** Rejects while Redis answers but cannot serve, which a ping does not show. */
export async function requireRedis(redis: Redis): Promise<void> {
  try {
    await redis.set(KEY, '', 'PX', KEY_MS);
  } catch (error) {
    throw explainRefusal(error);
  }
  // A node of a cluster takes the keys of its own slots only; KEY may be one of them.
  const cluster = await redis.info('cluster').catch(() => '');
  if (cluster.includes('cluster_enabled:1')) throw explainRefusal(new Error('MOVED'));
}
