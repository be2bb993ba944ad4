import { randomUUID } from 'node:crypto';

import type { FairTask } from '@runfleet/scheduler';
import { testWithRedis } from '@runfleet/testing';
import { expect } from 'vitest';

import { openTaskQueue } from './task-queue.ts';

const test = testWithRedis.extend('queue', ({ redisUrl }, { onCleanup }) => {
  const queue = openTaskQueue({ url: redisUrl });
  onCleanup(() => queue[Symbol.asyncDispose]());
  return queue;
});

const task = (organisationId: string, taskId: number): FairTask => ({
  organisationId,
  taskId: String(taskId),
  fairnessKey: '',
  priority: 0,
  cost: 1_000,
  queuedAt: 1_700_000_000_000,
  weight: 1,
  runningLimit: null,
});

test('tenants take turns, and inside a tenant the first in is the first out', async ({ queue }) => {
  await queue.writeMark('p', 'm');
  await queue.insert('p', [task('a', 9), task('a', 1), task('a', 2), task('b', 3), task('c', 4)]);
  const picked = await queue.pick('p', 'm', 10);
  expect(picked?.map(({ organisationId, taskId }) => organisationId + taskId)).toEqual([
    'a1',
    'b3',
    'c4',
    'a2',
    'a9',
  ]);
});

test('a task that is offered twice is picked once', async ({ queue }) => {
  await queue.writeMark('p', 'm');
  expect(await queue.insert('p', [task('a', 1), task('a', 1)])).toBe(1);
  expect(await queue.insert('p', [task('a', 1)])).toBe(0);
  expect(await queue.pick('p', 'm', 10)).toHaveLength(1);
  expect(await queue.pick('p', 'm', 10)).toEqual([]);
});

test('under another mark nothing is picked, so that a strange index is never trusted', async ({
  queue,
}) => {
  await queue.insert('p', [task('a', 1)]);
  expect(await queue.pick('p', 'm', 1)).toBeNull();
  await queue.writeMark('p', 'm');
  expect(await queue.pick('p', 'other', 1)).toBeNull();
  expect(await queue.pick('p', 'm', 1)).toHaveLength(1);
});

test('a tenant that returns takes the end of the line, not the front', async ({ queue }) => {
  await queue.writeMark('p', 'm');
  await queue.insert('p', [task('a', 1)]);
  await queue.pick('p', 'm', 1);
  await queue.insert('p', [task('b', 2), task('c', 3), task('a', 4)]);
  const picked = await queue.pick('p', 'm', 10);
  expect(picked?.map(({ organisationId }) => organisationId)).toEqual(['b', 'c', 'a']);
});

test('an offer wakes whoever waits for the pool', async ({ queue }) => {
  const pool = `pool-${randomUUID()}`;
  let taskId = 0;
  const timers: NodeJS.Timeout[] = [];
  await new Promise<void>((resolve) => {
    queue.onWake(pool, resolve);
    timers.push(setInterval(() => queue.offer({ pool, ...task('a', taskId++) }), 20));
  });
  for (const timer of timers) clearInterval(timer);
});
