import { eventually, startOwnRedis } from '@runfleet/testing';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { connectFailFast } from './connect.ts';
import { requireRedis } from './require-redis.ts';

test.for([
  ['a replica', (redis: Redis) => redis.replicaof('127.0.0.1', 1), 'is a replica'],
  ['one without memory', (redis: Redis) => redis.config('SET', 'maxmemory', '1'), 'out of memory'],
  [
    'one that misses its replicas',
    (redis: Redis) => redis.config('SET', 'min-replicas-to-write', '1'),
    'min-replicas-to-write',
  ],
] as const)('%s answers pings and is not ready, with a next step', async ([, spoil, explained]) => {
  await using server = await startOwnRedis();
  const admin = new Redis(server.url);
  const commands = connectFailFast(server.url, () => {});
  try {
    await requireRedis(admin);
    await spoil(admin);
    expect(await admin.ping()).toBe('PONG');
    await expect(requireRedis(admin)).rejects.toThrow(explained);
    await eventually(() => expect(requireRedis(commands)).rejects.toThrow(explained));
  } finally {
    admin.disconnect();
    commands.disconnect();
  }
});
