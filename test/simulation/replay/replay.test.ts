import { testWithDb } from '@runfleet/db/testing';
import { openTaskQueue } from '@runfleet/queue';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import { replayLife } from './replay-life.ts';

const STEPS = 600;

const test = testWithDb.extend('servers', ({ db, redisUrl }, { onCleanup }) => {
  const queue = openTaskQueue({ url: redisUrl });
  const redis = new Redis(redisUrl);
  onCleanup(async () => {
    await queue[Symbol.asyncDispose]();
    redis.disconnect();
  });
  return { db, queue, flush: async () => void (await redis.flushdb()) };
});

test.for([1, 2, 3, 4, 5])(
  'a life repeated on real servers gets the same answers and leaves the same tables (seed %i)',
  async (seed, { servers }) => {
    const { transactions, redisSteps } = await replayLife(servers, { seed, steps: STEPS });
    expect(transactions).toBeGreaterThan(50);
    expect(redisSteps).toBeGreaterThan(0);
  },
);
