/** The options of a Run besides its parameters, through every process. */
import { readAccount } from '@runfleet/billing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { Fleet, MODEL } from './fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.startWithServers(inject('runFolder'), {
    env: { WORKER_LABELS: 'zone=a' },
  });
}, PATIENCE_MS);

afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
}, PATIENCE_MS);

test('labels: a task waits for a worker that has them, names the reason, and delays no other task', async () => {
  const client = fleet.client();
  const run = (zone: string) => client.run(MODEL, { prompt: 'a b c' }, { requires: { zone } });
  const particular = await Promise.all([run('b'), run('b'), run('b')]);
  const others = await Promise.all([run('a'), client.run(MODEL, { prompt: 'a b c' })]);
  for (const { token } of others) {
    expect(await client.waitFor(token)).toMatchObject({ pexit: '0' });
  }
  for (const { taskId } of particular) {
    const { status, queue } = await client.detail({ taskId });
    expect({ status, reason: queue?.blocked?.reason }).toEqual({
      status: 'task_queue',
      reason: 'no-worker-with-labels',
    });
  }

  await fleet.add('worker', { WORKER_LABELS: 'zone=b' });
  for (const { token } of particular) {
    expect(await client.waitFor(token)).toMatchObject({ pexit: '0' });
  }
});

test('a start timeout: a task that no worker accepts in time expires, and its hold is released', async () => {
  const client = fleet.client();
  const { token } = await client.run(
    MODEL,
    { prompt: 'a b c' },
    { requires: { zone: 'nowhere' }, startTimeoutSeconds: 1 },
  );
  expect(await client.waitFor(token)).toMatchObject({
    status: 'task_postprocess_end',
    pexit: '124',
    totalcost: '0.000000000000',
    debugerror: expect.stringContaining('start timeout'),
  });
  const { held, activeTasks } = await readAccount(fleet, fleet.key.organisationId);
  expect({ held, activeTasks }).toEqual({ held: 0n, activeTasks: 0 });

  const patient = await client.run(MODEL, { prompt: 'a' }, { startTimeoutSeconds: 600 });
  expect(await client.waitFor(patient.token)).toMatchObject({ pexit: '0' });
});

test('priority and fairness keys: a head start and an end user without a turn go first', async () => {
  const client = fleet.client();
  // No worker runs until all tasks are queued, so that only the order decides.
  await Promise.all(fleet.worker.map((worker) => worker.stop()));
  const run = (options: object) => client.run(MODEL, { prompt: 'a' }, options);
  const bulk = [];
  for (let i = 0; i < 4; i++) bulk.push(await run({ fairnessKey: 'bulk' }));
  const urgent = await run({ fairnessKey: 'bulk', priority: 60 });
  const single = await run({ fairnessKey: 'single' });
  await fleet.add('worker', { WORKER_LABELS: 'zone=a', WORKER_SLOTS: '1' });
  await Promise.all([...bulk, urgent, single].map(({ token }) => client.waitFor(token)));

  const all = [...bulk, urgent, single];
  const rows = await fleet.db.sql<{ id: string }[]>`
    select id from tasks where id = any(${all.map(({ taskId }) => taskId)}) order by assigned_at, id`;
  const order = rows.map(({ id }) => id);
  const positionOf = ({ taskId }: { taskId: string }) => order.indexOf(taskId);
  expect(positionOf(urgent)).toBeLessThan(Math.min(...bulk.map(positionOf)));
  expect(positionOf(single)).toBeLessThanOrEqual(2);
});
