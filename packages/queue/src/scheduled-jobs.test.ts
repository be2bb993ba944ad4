import { eventually, testWithRedis } from '@runfleet/testing';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import { openScheduledJobs, type Turn } from './scheduled-jobs.ts';

const test = testWithRedis
  .extend('jobs', ({ redisUrl }, { onCleanup }) => {
    const jobs = openScheduledJobs({ url: redisUrl });
    onCleanup(() => jobs[Symbol.asyncDispose]());
    return jobs;
  })
  .extend('redis', ({ redisUrl }, { onCleanup }) => {
    const redis = new Redis(redisUrl);
    onCleanup(() => redis.disconnect());
    return redis;
  })
  .extend('periods', ({ redisUrl }, { onCleanup }) => {
    const queue = new Queue('upkeep', { connection: { url: redisUrl } });
    onCleanup(() => queue.close());
    return async () =>
      Object.fromEntries((await queue.getJobSchedulers()).map(({ key, every }) => [key, every]));
  });

test('the schedules in Redis become those of the code: added, changed and removed', async ({
  jobs,
  periods,
}) => {
  const [sweep, count] = [
    { name: 'sweep', everyMs: 60_000 },
    { name: 'count', everyMs: 60_000 },
  ];
  expect(await jobs.schedule([sweep, count])).toBe(2);
  expect(await jobs.schedule([sweep, count])).toBe(0);
  expect(await periods()).toEqual({ sweep: 60_000, count: 60_000 });
  expect(await jobs.schedule([{ ...sweep, everyMs: 30_000 }])).toBe(2);
  expect(await periods()).toEqual({ sweep: 30_000 });
});

test('slots are multiples of the period, also after a wipe and a change', async ({
  jobs,
  redis,
}) => {
  const turns: Turn[] = [];
  await using _receiver = jobs.receive(1, async (turn) => {
    turns.push(turn);
    return 'done';
  });
  const sweep = { name: 'sweep', everyMs: 500 };
  await jobs.schedule([sweep]);
  await eventually(() => expect(turns).toHaveLength(2));
  await redis.flushdb();
  await jobs.schedule([sweep]);
  await eventually(() => expect(turns).toHaveLength(4));
  await jobs.schedule([{ ...sweep, everyMs: 400 }]);
  await eventually(() => expect(turns).toHaveLength(6));
  const slots = turns.map(({ slot }) => slot);
  expect(slots.slice(0, 4).map((slot) => slot % 500)).toEqual([0, 0, 0, 0]);
  expect(slots.slice(4).some((slot) => slot % 400 === 0)).toBe(true);
  expect(new Set(slots).size).toBe(slots.length);
});

test('a schedule whose next turn was lost is written again', async ({ jobs, redis }) => {
  const sweep = { name: 'sweep', everyMs: 60_000 };
  await jobs.schedule([sweep]);
  await redis.zadd('bull:upkeep:repeat', Date.now() - 20_000, 'sweep');
  expect(await jobs.schedule([sweep])).toBe(1);
  expect(await jobs.schedule([sweep])).toBe(0);
});

test('a turn that waits already is not added again', async ({ jobs, redis }) => {
  const sweep = { name: 'sweep', everyMs: 60_000 };
  await jobs.add(sweep, 60_000);
  await jobs.add(sweep, 60_000);
  expect(await redis.llen('bull:upkeep:wait')).toBe(1);
});

test('a turn that fails is tried three times, and then kept for operators', async ({
  jobs,
  redis,
}) => {
  let attempts = 0;
  await using _receiver = jobs.receive(1, () => {
    attempts += 1;
    return Promise.reject(new Error('No.'));
  });
  await jobs.schedule([{ name: 'sweep', everyMs: 500 }]);
  await eventually(async () => {
    expect(await redis.zcard('bull:upkeep:failed')).toBeGreaterThanOrEqual(1);
  });
  expect(attempts).toBeGreaterThanOrEqual(3);
});
