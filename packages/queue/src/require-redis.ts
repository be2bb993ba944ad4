import { NotReadyError } from '@runfleet/service';
import type { Redis } from 'ioredis';

/** What is written to see whether it can be; it ends by itself. */
const KEY = 'runfleet:check';
const KEY_MS = 1_000;

/** What a Redis answers to a write that it does not take, and what helps. */
const REFUSALS: readonly (readonly [RegExp, string, string])[] = [
  [/^READONLY/, 'Redis is a replica and takes no writes.', 'Give REDIS_URL of the primary.'],
  [
    /^(MOVED|ASK|CLUSTERDOWN|CROSSSLOT)/,
    'Redis is a node of a cluster.',
    'Give REDIS_URL of a Redis that is none.',
  ],
  [/^OOM/, 'Redis is out of memory.', 'Raise its maxmemory, or remove what others keep in it.'],
  [
    /^MISCONF/,
    'Redis cannot write to its disk and takes no writes.',
    "See Redis's log; free space, or mend the permissions of its folder.",
  ],
  [
    /^NOREPLICAS/,
    'Redis has fewer replicas than min-replicas-to-write.',
    'Start them, or lower min-replicas-to-write.',
  ],
  [/^NOPERM/, 'Redis does not let this user write.', 'Give the user of REDIS_URL more rights.'],
];

/** Throws where Redis answers, and yet cannot serve: a role that only pings it would never know. */
export async function requireRedis(redis: Redis): Promise<void> {
  try {
    await redis.set(KEY, '', 'PX', KEY_MS);
  } catch (error) {
    throw explainRefusal(error);
  }
  // A key that lies on this node is taken, and others are not.
  const cluster = await redis.info('cluster').catch(() => '');
  if (cluster.includes('cluster_enabled:1')) throw explainRefusal(new Error('MOVED'));
}

export function explainRefusal(error: unknown): unknown {
  const text = error instanceof Error ? error.message : '';
  const known = REFUSALS.find(([pattern]) => pattern.test(text));
  return known ? new NotReadyError(known[1], known[2]) : error;
}
