import type { TaskEvent } from '@runfleet/protocol';
import { testWithRedis } from '@runfleet/testing';
import { LossyProxy } from '@runfleet/testing/lossy-proxy';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import { openAnnouncer } from './announcer.ts';

const EVENT: TaskEvent = {
  taskId: '7',
  seq: 1,
  epoch: 1,
  at: 0n,
  type: 'task_queue',
  payload: null,
};

testWithRedis('events of one task and one commit are one notice', async ({ redisUrl }) => {
  const subscriber = new Redis(redisUrl);
  const notices: string[] = [];
  await subscriber.psubscribe(`${new URL(redisUrl).pathname.slice(1)}:task:*`);
  subscriber.on('pmessage', (_pattern: string, channel: string) => notices.push(channel));
  const announcer = openAnnouncer({ url: redisUrl });
  announcer.announce([EVENT, { ...EVENT, seq: 2 }, { ...EVENT, taskId: '8' }]);
  await expect.poll(() => notices.length).toBe(2);
  await announcer[Symbol.asyncDispose]();

  expect(notices.map((channel) => channel.split(':').at(-1))).toEqual(['7', '8']);
  subscriber.disconnect();
});

testWithRedis(
  'a connection lost without a reset is replaced and does not block announcements',
  async ({ redisUrl }) => {
    await using proxy = await LossyProxy.start(redisUrl);
    const announcer = openAnnouncer({ url: proxy.through(redisUrl) });
    const subscriber = new Redis(redisUrl);
    const database = new URL(redisUrl).pathname.slice(1);
    let heard = 0;
    await subscriber.subscribe(`${database}:task:7`);
    subscriber.on('message', () => (heard += 1));
    announcer.announce([EVENT]);
    await expect.poll(() => heard).toBe(1);

    proxy.lose();
    const startedAt = performance.now();
    for (let count = 0; count < 20_000; count += 1) announcer.announce([EVENT]);
    expect(performance.now() - startedAt).toBeLessThan(5_000);

    const before = heard;
    await expect.poll(() => (announcer.announce([EVENT]), heard)).toBeGreaterThan(before);
    await announcer[Symbol.asyncDispose]();
    subscriber.disconnect();
  },
);
