import { startOwnRedis, testWithRedis as test } from '@runfleet/testing';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import { examine } from '../testing.ts';
import { checkRedisPersistence, judgePersistence } from './redis-persistence.ts';
import { checkRedisPolicy } from './redis-policy.ts';
import { checkRedisWrites } from './redis-writes.ts';
import { checkRedis, judgeRedis } from './redis.ts';

test('a server that answers is reported with its version', async ({ redisUrl }) => {
  expect(await examine(checkRedis, { redisUrl })).toMatchObject({ status: 'ok' });
  expect(await examine(checkRedisPolicy, { redisUrl })).toMatchObject({ status: 'ok' });
});

test('an eviction policy is a problem, and a missing append-only file only a recommendation', async () => {
  await using server = await startOwnRedis();
  const redisUrl = server.url;
  const redis = new Redis(redisUrl);
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await redis.config('SET', 'appendonly', 'no');
  redis.disconnect();

  expect(await examine(checkRedisPolicy, { redisUrl })).toMatchObject({
    status: 'problem',
    found: expect.stringContaining('allkeys-lru'),
    next: expect.stringContaining('noeviction'),
  });
  expect(await examine(checkRedisPersistence, { redisUrl })).toMatchObject({
    status: 'ok',
    next: expect.stringContaining('appendonly'),
  });
});

test('a replica is a problem, though it answers', async () => {
  await using server = await startOwnRedis();
  expect(await examine(checkRedisWrites, { redisUrl: server.url })).toMatchObject({ status: 'ok' });
  const redis = new Redis(server.url);
  await redis.replicaof('127.0.0.1', 1);
  redis.disconnect();
  expect(await examine(checkRedis, { redisUrl: server.url })).toMatchObject({ status: 'ok' });
  expect(await examine(checkRedisWrites, { redisUrl: server.url })).toMatchObject({
    status: 'problem',
    next: expect.stringContaining('primary'),
  });
});

test('a closed port is one problem, and the other checks are skipped', async () => {
  const redisUrl = 'redis://:hidden@127.0.0.1:1';
  const finding = await examine(checkRedis, { redisUrl });
  expect(finding).toMatchObject({
    status: 'problem',
    found: expect.stringContaining('ECONNREFUSED'),
  });
  expect(JSON.stringify(finding)).not.toContain('hidden');
  for (const check of [checkRedisPolicy, checkRedisPersistence]) {
    expect(await examine(check, { redisUrl })).toMatchObject({ status: 'skipped' });
  }
});

test('a wrong password is a problem, with the message of Redis', async () => {
  await using server = await startOwnRedis();
  const url = new URL(server.url);
  url.password = 'wrong';
  expect(await examine(checkRedis, { redisUrl: url.href })).toMatchObject({
    status: 'problem',
    found: expect.stringContaining('WRONGPASS'),
  });
});

test.for([
  ['7.0.15', 'ok'],
  ['8.2.1', 'ok'],
  ['6.2.14', 'problem'],
  ['of unknown version', 'problem'],
] as const)('Redis %s is %s', ([version, status]) => {
  expect(judgeRedis(version).status).toBe(status);
});

test('a disk that Redis cannot write to is a problem', () => {
  const info = 'aof_enabled:1\r\nrdb_last_bgsave_status:err\r\naof_last_write_status:ok\r\n';
  expect(judgePersistence(info)).toMatchObject({
    status: 'problem',
    found: expect.stringContaining('rdb_last_bgsave_status is err'),
  });
});
