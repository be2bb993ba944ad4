import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

import { eventually, startOwnRedis, testWithRedis } from '@runfleet/testing';
import { LossyProxy } from '@runfleet/testing/lossy-proxy';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import { openTaskQueue } from './task-queue.ts';

const test = testWithRedis
  .extend('queue', ({ redisUrl }, { onCleanup }) => {
    const queue = openTaskQueue({ url: redisUrl });
    onCleanup(() => queue[Symbol.asyncDispose]());
    return queue;
  })
  .extend('pool', async ({ queue }) => {
    const pool = `pool-${randomUUID()}`;
    await queue.writeMark(pool, 'm');
    return pool;
  });

const task = (organisationId: string, taskId: number) => ({
  organisationId,
  taskId: String(taskId),
  fairnessKey: '',
  priority: 0,
  cost: 1_000,
  queuedAt: 1_700_000_000_000,
  weight: 1,
  runningLimit: null,
});

test('an offer wakes the listeners of its pool', async ({ queue, pool }) => {
  let taskId = 0;
  const timers: NodeJS.Timeout[] = [];
  await new Promise<void>((resolve) => {
    queue.onWake(pool, () => resolve());
    timers.push(setInterval(() => queue.offer({ lane: pool, ...task('a', taskId++) }), 20));
  });
  for (const timer of timers) clearInterval(timer);
});

test('a release wakes the listeners of its pool', async ({ queue, pool }) => {
  const timers: NodeJS.Timeout[] = [];
  await new Promise<void>((resolve) => {
    queue.onWake(pool, () => resolve());
    timers.push(setInterval(() => queue.release({ lane: pool, ...task('a', 1), usedMs: 1 }), 20));
  });
  for (const timer of timers) clearInterval(timer);
});

test('changes are applied in the order of the calls', async ({ queue, pool }) => {
  await queue.insert(pool, [task('a', 1)]);
  await queue.pick(pool, 'm', 1);
  // A requeue, a Run that is killed at once, and a Run that shows that all changes are written.
  queue.release({ lane: pool, ...task('a', 1), usedMs: 500 });
  queue.offer({ lane: pool, ...task('a', 1) });
  queue.offer({ lane: pool, ...task('a', 2) });
  queue.withdraw({ lane: pool, ...task('a', 2) });
  queue.offer({ lane: pool, ...task('a', 3) });
  await expect.poll(() => queue.readLoad(pool)).toMatchObject({ queued: 2, running: 0 });
  const picked = await queue.pick(pool, 'm', 10);
  expect(picked?.map(({ taskId }) => taskId)).toEqual(['1', '3']);
});

test('more changes than fit in one round trip are all applied', async ({ queue, pool }) => {
  for (let i = 0; i < 2_000; i++) queue.offer({ lane: pool, ...task(`o${i % 7}`, i) });
  await expect.poll(() => queue.readLoad(pool)).toMatchObject({ queued: 2_000, tenants: 7 });
});

test('while Redis is unavailable, changes are dropped and no caller waits', async () => {
  const errors: Error[] = [];
  // No server listens on this port.
  const queue = openTaskQueue({
    url: 'redis://127.0.0.1:1',
    onError: (error) => void errors.push(error),
  });
  queue.offer({ lane: 'p', ...task('a', 1) });
  await expect(queue.pick('p', 'm', 1)).rejects.toThrow('max retries');
  await queue[Symbol.asyncDispose]();
  expect(errors.length).toBeGreaterThan(0);
});

test('a full Redis refuses new tasks but still picks and releases its own, each atomically', async () => {
  await using redis = await startOwnRedis();
  await using queue = openTaskQueue({ url: redis.url });
  const control = new Redis(redis.url);
  const pool = `pool-${randomUUID()}`;
  await queue.writeMark(pool, 'm');
  await queue.insert(pool, [task('a', 1), task('a', 2)]);
  await queue.pick(pool, 'm', 1);
  await control.config('SET', 'maxmemory', 1);
  await expect(queue.insert(pool, [task('b', 3)])).rejects.toThrow('OOM');
  expect(await queue.putBack(pool, [{ taskId: '1' }])).toBe(1);
  expect(await queue.pick(pool, 'm', 2)).toHaveLength(2);
  queue.release({ lane: pool, ...task('a', 1), usedMs: 500 });
  await eventually(async () => {
    expect(await queue.readLoad(pool)).toMatchObject({ queued: 0, running: 1, tenants: 0 });
  });
  expect(await queue.readMark(pool)).toBe('m');
  await control.config('SET', 'maxmemory', 0);
  expect(await queue.insert(pool, [task('b', 3)])).toBe(1);
  expect(await queue.pick(pool, 'm', 2)).toMatchObject([{ taskId: '3' }]);
  control.disconnect();
});

test('the queue disconnects from a server that becomes a replica, and returns once it is a primary again', async () => {
  await using redis = await startOwnRedis();

  await using queue = openTaskQueue({ url: redis.url });
  const control = new Redis(redis.url);
  const countConnections = async () =>
    Number(/total_connections_received:(\d+)/.exec(await control.info('stats'))?.[1]);
  await queue.writeMark('p', 'm');
  await control.replicaof('127.0.0.1', 1);
  const connections = await countConnections();
  await expect(queue.writeMark('p', 'n')).rejects.toThrow('READONLY');
  await eventually(() => expect(queue.check()).rejects.toThrow('is a replica'));
  // After a failover, the next connection reaches another server.
  await eventually(async () => expect(await countConnections()).toBeGreaterThan(connections));
  await control.replicaof('no', 'one');
  await eventually(() => queue.writeMark('p', 'n'));
  expect(await queue.readMark('p')).toBe('n');
  control.disconnect();
});

test('a connection that died silently is replaced: commands are answered and notices arrive again', async ({
  redisUrl,
}) => {
  await using proxy = await LossyProxy.start(redisUrl);
  await using queue = openTaskQueue({ url: proxy.through(redisUrl) });
  const pool = `pool-${randomUUID()}`;
  let news = 0;
  queue.onWake(pool, () => void (news += 1));
  const hearNews = () => {
    const before = news;
    return eventually(() => {
      queue.wake(pool);
      expect(news).toBeGreaterThan(before);
    });
  };
  await hearNews();
  proxy.lose();
  await eventually(() => queue.check());
  await hearNews();
});

test('a queue that is closed while Redis is unavailable does not keep the process alive', async () => {
  const module = new URL('task-queue.ts', import.meta.url).href;
  const closing = `
    const { openTaskQueue } = await import('${module}');
    let queue;
    // After an error, in the pause before the next attempt.
    const close = () => setTimeout(() => void queue[Symbol.asyncDispose](), 20);
    let onError = () => ((onError = () => {}), close());
    queue = openTaskQueue({ url: 'redis://127.0.0.1:1', onError: () => onError() });`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', closing];
  await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
});

test('the tenants with tasks share a lane by weight', async ({ queue, pool }) => {
  await queue.insert(pool, [
    ...[1, 2, 3].map((id) => task('busy', id)),
    { ...task('heavy', 4), weight: 3 },
  ]);
  await queue.pick(pool, 'm', 2);
  expect(await queue.readShares(pool, 10)).toEqual([
    { organisationId: 'busy', queued: 2, running: 1, weight: 1, runningLimit: null, share: 0.25 },
    { organisationId: 'heavy', queued: 0, running: 1, weight: 3, runningLimit: null, share: 0.75 },
  ]);
  expect(await queue.readShares(pool, 1)).toHaveLength(1);
});
