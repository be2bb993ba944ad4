import { eventually, startOwnRedis } from '@runfleet/testing';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { explainRefusal, requireRedis } from './require-redis.ts';
import { openTaskQueue } from './task-queue.ts';

test.for([
  ['a replica', (redis: Redis) => redis.replicaof('127.0.0.1', 1), 'is a replica'],
  ['one without memory', (redis: Redis) => redis.config('SET', 'maxmemory', '1'), 'out of memory'],
  [
    'one that misses its replicas',
    (redis: Redis) => redis.config('SET', 'min-replicas-to-write', '1'),
    'min-replicas-to-write',
  ],
] as const)('%s answers pings and is not ready, with what to do', async ([, spoil, said]) => {
  await using server = await startOwnRedis();
  await using queue = openTaskQueue({ url: server.url });
  await eventually(() => queue.check());
  const admin = new Redis(server.url);
  try {
    await requireRedis(admin);
    await spoil(admin);
    expect(await admin.ping()).toBe('PONG');
    await expect(requireRedis(admin)).rejects.toThrow(said);
    await eventually(() => expect(queue.check()).rejects.toThrow(said));
  } finally {
    admin.disconnect();
  }
});

test.for([
  ['MOVED 3999 127.0.0.1:6381', 'node of a cluster'],
  ['CLUSTERDOWN The cluster is down', 'node of a cluster'],
  ['MISCONF Redis is configured to save RDB snapshots', 'disk'],
  ['NOPERM this user has no permissions', 'does not let this user write'],
  ['connect ECONNREFUSED', 'ECONNREFUSED'],
] as const)('"%s" is told as: %s', ([answer, said]) => {
  expect((explainRefusal(new Error(answer)) as Error).message).toContain(said);
});
