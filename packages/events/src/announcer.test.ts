import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

import type { TaskEvent } from '@runfleet/protocol';
import { testWithRedis } from '@runfleet/testing';
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
  'a Redis that hangs holds up nobody, and is used again later',
  async ({ redisUrl }) => {
    await using proxy = await startProxy(redisUrl);
    const announcer = openAnnouncer({ url: proxy.url });
    const subscriber = new Redis(redisUrl);
    const database = new URL(redisUrl).pathname.slice(1);
    let heard = 0;
    await subscriber.subscribe(`${database}:task:7`);
    subscriber.on('message', () => (heard += 1));
    announcer.announce([EVENT]);
    await expect.poll(() => heard).toBe(1);

    proxy.hang();
    const startedAt = performance.now();
    for (let count = 0; count < 20_000; count += 1) announcer.announce([EVENT]);
    expect(performance.now() - startedAt).toBeLessThan(5_000);

    proxy.goOn();
    const before = heard;
    await expect.poll(() => (announcer.announce([EVENT]), heard)).toBeGreaterThan(before);
    await announcer[Symbol.asyncDispose]();
    subscriber.disconnect();
  },
);

/** A way to a Redis that can stop answering without closing. */
async function startProxy(redisUrl: string) {
  const target = new URL(redisUrl);
  const sockets = new Set<Socket>();
  let isHanging = false;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => (client.destroy(), upstream.destroy()));
    }
    client.on('data', (data) => isHanging || upstream.write(data));
    upstream.on('data', (data) => isHanging || client.write(data));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(redisUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    hang: () => (isHanging = true),
    goOn: () => (isHanging = false),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    },
  };
}
