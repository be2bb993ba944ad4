import type { ServerResponse } from 'node:http';

import { openCallbackJobs } from '@runfleet/queue';
import { cancelTask, createTask } from '@runfleet/tasks';
import { aTask, createTenant } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { Redis } from 'ioredis';
import { expect, vi } from 'vitest';

import { CallbackSender } from './callback-sender.ts';
import { listLostJobs } from './list-lost-jobs.ts';
import { countOpen, insertDeliveries, startReceiver } from './testing-receivers.ts';
import { testWithCallbacks } from './testing.ts';

const test = testWithCallbacks.extend('send', ({ attempting, jobs }, { onCleanup }) => {
  const errors: unknown[] = [];
  return {
    errors,
    /** Sends what the jobs name, by the database's clock. */
    start(atOnce = 16) {
      const { clock: _ofTest, ...ctx } = attempting;
      const sender = new CallbackSender({
        ctx,
        jobs,
        atOnce,
        onEnd: () => {},
        onError: (error) => errors.push(error),
      });
      onCleanup(() => sender[Symbol.asyncDispose]());
      return sender;
    },
  };
});

test('with Redis wiped under 1,000 open deliveries, each arrives, and repeats share the id', async ({
  attempting,
  db,
  jobs,
  redisUrl,
  send,
  tenant,
}) => {
  const redis = new Redis(redisUrl);
  await using receiver = await startReceiver((response, nth) => {
    // In the middle of it all, and again later.
    if (nth === 400 || nth === 700) void redis.flushdb().then(() => response.end());
    else response.end();
  });
  const urls = Array.from({ length: 1_000 }, (_, index) => receiver.urlOf(index % 50));
  const ids = await insertDeliveries(db, tenant, urls);
  const { organisationId } = tenant;
  await jobs.add(ids.map((deliveryId) => ({ organisationId, deliveryId, attempt: 0 })));
  send.start(32);
  // As a broker does, without its pauses.
  const broker = { ...attempting, clock: () => BigInt(Date.now() + 6_000) * 1_000n };
  await vi.waitFor(
    async () => {
      await jobs.add(await listLostJobs(broker));
      expect(await countOpen(db)).toBe(0);
    },
    { timeout: 50_000, interval: 100 },
  );
  expect(new Set(receiver.ids())).toEqual(new Set(ids));
  expect(receiver.received.length).toBeLessThan(1_100);
  redis.disconnect();
});

test('while receivers of one tenant hang, another tenant is called back at once', async ({
  ctx,
  db,
  jobs,
  tenant,
  send,
}) => {
  const held: ServerResponse[] = [];
  await using slow = await startReceiver((response) => void held.push(response));
  await using quick = await startReceiver();
  send.start(8);
  const { organisationId } = tenant;
  const urls = Array.from({ length: 20 }, (_, index) => slow.urlOf(index));
  const ids = await insertDeliveries(db, tenant, urls);
  await jobs.add(ids.map((deliveryId) => ({ organisationId, deliveryId, attempt: 0 })));
  await eventually(() => expect(held).toHaveLength(4));
  const other = await createTenant(db);
  const { id } = await createTask(ctx, aTask(other, { callbackUrl: quick.url }));
  await cancelTask(ctx, { organisationId: other.organisationId, reference: { id } });
  await eventually(() => expect(quick.received).toHaveLength(1));
  expect(held).toHaveLength(4);
  for (const response of held) response.end();
});

test('two processes make no attempt twice', async ({ attempting, redisUrl, send, tenant }) => {
  await using receiver = await startReceiver();
  send.start();
  await using others = openCallbackJobs({ url: redisUrl });
  const { clock: _ofTest, ...ctx } = attempting;
  const options = { jobs: others, atOnce: 16, onEnd: () => {}, onError: () => {} };
  await using _other = new CallbackSender({ ...options, ctx });
  const urls = Array.from({ length: 100 }, (_, index) => receiver.urlOf(index % 10));
  const ids = await insertDeliveries(attempting.db, tenant, urls);
  const { organisationId } = tenant;
  // Each job comes twice, under two names.
  for (const attempt of [0, 50]) {
    await others.add(ids.map((deliveryId) => ({ organisationId, deliveryId, attempt })));
  }
  await eventually(async () => expect(await countOpen(attempting.db)).toBe(0));
  expect(receiver.received).toHaveLength(100);
  expect(send.errors).toEqual([]);
});
