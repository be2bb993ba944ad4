/** A Run whose answer is lost on the network must not be charged twice. */
import { RunfleetClient } from '@runfleet/client';
import { testWithDb } from '@runfleet/db/testing';
import { LossyProxy } from '@runfleet/testing/lossy-proxy';
import { expect, vi } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { Fleet, MODEL } from './fleet.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

const test = testWithDb
  .extend('fleet', async ({ databaseUrl, redisUrl }, { onCleanup }) => {
    const roles = { broker: 0, gateway: 0, worker: 0 };
    const fleet = await Fleet.start({ databaseUrl, redisUrl, roles });
    onCleanup(() => fleet[Symbol.asyncDispose]());
    return fleet;
  })
  .extend('proxy', async ({ fleet }, { onCleanup }) => {
    const proxy = await LossyProxy.start(fleet.api[0]?.url ?? '');
    onCleanup(() => proxy[Symbol.asyncDispose]());
    return proxy;
  })
  .extend('client', ({ fleet, proxy }) => {
    const { apiKey, apiSecret } = fleet.key;
    return new RunfleetClient({ apiUrl: `${proxy.url}/v1`, apiKey, apiSecret });
  });

/** The tenant's tasks and holds. */
async function readAccountState(fleet: Fleet) {
  const [row] = await fleet.db.sql`
    select (select array_agg(id::text order by id) from tasks) as tasks,
      (select count(*)::int from transfers where task_id is not null) as holds,
      (select held = (select max(held) from tasks) from accounts
        where organisation_id = ${fleet.key.organisationId}) as "isHeldOnce",
      (select active_tasks from accounts
        where organisation_id = ${fleet.key.organisationId}) as active`;
  return row;
}

test('a client that repeats a lost Run under its key makes one task and one hold', async ({
  fleet,
  proxy,
  client,
}) => {
  let lost = 0;
  proxy.loseNextAnswer(async () => void (lost += 1));
  const { taskId } = await client.run(MODEL, { prompt: 'Hello' });
  expect(lost).toBe(1);
  expect(await readAccountState(fleet)).toEqual({
    tasks: [taskId],
    holds: 1,
    isHeldOnce: true,
    active: 1,
  });
});

test('after an api dies between commit and answer another one answers with the same task', async ({
  fleet,
  proxy,
  client,
}) => {
  let committed: unknown;
  proxy.loseNextAnswer(async () => {
    await fleet.api[0]?.kill();
    committed = (await readAccountState(fleet))?.['tasks'];
    proxy.target = (await fleet.add('api')).url;
  });
  const { taskId } = await client.run(MODEL, { prompt: 'Hello' });
  expect(committed).toEqual([taskId]);
  expect(await readAccountState(fleet)).toEqual({
    tasks: [taskId],
    holds: 1,
    isHeldOnce: true,
    active: 1,
  });
});

test('two calls make two tasks, and one if they share an idempotency key', async ({
  fleet,
  client,
}) => {
  const first = await client.run(MODEL, { prompt: 'Hello' });
  const second = await client.run(MODEL, { prompt: 'Hello' });
  expect(second.taskId).not.toBe(first.taskId);

  const options = { idempotencyKey: 'order-7' };
  const both = await Promise.all([
    client.run(MODEL, { prompt: 'Hello', seed: '7' }, options),
    client.run(MODEL, { seed: '7', prompt: 'Hello' }, options),
  ]);
  expect(both[1]).toEqual(both[0]);
  await expect(client.run(MODEL, { prompt: 'Bye' }, options)).rejects.toThrow('Idempotency-Key');
  expect(await readAccountState(fleet)).toMatchObject({
    tasks: [first.taskId, second.taskId, both[0].taskId],
    holds: 3,
  });
});
