import { eventually, testWithRedis } from '@runfleet/testing';
import { LossyProxy } from '@runfleet/testing/lossy-proxy';
import type { Redis } from 'ioredis';
import { expect } from 'vitest';

import { connectBestEffort, connectFailFast, connectSubscriber } from './connect.ts';

testWithRedis(
  'a connection lost without a reset is replaced even if it is idle',
  async ({ redisUrl }) => {
    await using proxy = await LossyProxy.start(redisUrl);
    const url = proxy.through(redisUrl);
    const silent = [connectSubscriber(url, () => {}), connectBestEffort(url, 'test')];
    try {
      await Promise.all(silent.map((redis) => emits(redis, 'ready')));
      const restored = Promise.all(silent.map((redis) => emits(redis, 'ready')));
      proxy.lose();
      await restored;
      for (const redis of silent) expect(await redis.ping()).toBe('PONG');
    } finally {
      for (const redis of silent) redis.disconnect();
    }
  },
);

testWithRedis(
  'while Redis is away commands fail at once, and later work again',
  async ({ redisUrl }) => {
    await using proxy = await LossyProxy.start(redisUrl);
    const url = proxy.through(redisUrl);
    const connections = [connectFailFast(url, () => {}), connectBestEffort(url, 'test')];
    try {
      await Promise.all(connections.map((redis) => emits(redis, 'ready')));
      const closed = Promise.all(connections.map((redis) => emits(redis, 'close')));
      proxy.cut();
      await closed;
      for (const redis of connections)
        await expect(redis.ping()).rejects.toThrow(/closed|writeable|max retries/i);
      proxy.restore();
      for (const redis of connections) await eventually(() => redis.ping());
    } finally {
      for (const redis of connections) redis.disconnect();
    }
  },
);

/** `once` of node:events would reject with the errors that the loss of a connection brings. */
function emits(redis: Redis, event: 'ready' | 'close'): Promise<void> {
  return new Promise((resolve) => redis.once(event, resolve));
}
