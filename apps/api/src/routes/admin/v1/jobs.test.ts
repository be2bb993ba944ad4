import type { FleetJobs } from '@runfleet/protocol';
import { eventually } from '@runfleet/testing';
import { claimTurn, endTurn } from '@runfleet/upkeep';
import { expect } from 'vitest';

import { testWithApi as test } from '../../../testing.ts';

test('an operator sees queues, failures and scheduled jobs, and retries a failed job', async ({
  api,
  db,
  tenant,
}) => {
  const turn = { name: 'sweep', slot: 60_000, limitSeconds: 60 };
  const claim = await claimTurn({ db }, turn);
  if (typeof claim === 'string' || !('attemptId' in claim)) throw new Error('Not claimed.');
  await endTurn({ db }, { ...turn, ...claim }, { error: 'No such table.', isTimeout: false });
  const state = { isBroken: true, done: 0 };
  await using _receiver = api.ctx.exportJobs.receive(1, async () => {
    if (state.isBroken) throw new Error('The disk is full.');
    state.done += 1;
    return 'done';
  });
  await api.ctx.exportJobs.add([{ task: 'write', id: 'an-export', attempt: 0 }]);
  const headers = await api.signIn(tenant.organisationId, { isOperator: true });
  const read = async () =>
    (await api.request('/admin/v1/jobs', { headers })).body as unknown as FleetJobs;
  const failed = await eventually(async () => {
    const [job] = (await read()).failed;
    if (!job) throw new Error('No job has failed.');
    return job;
  });
  expect(failed).toMatchObject({ queue: 'exports', reason: 'The disk is full.', attempts: 3 });
  const jobs = await read();
  expect(jobs.queues?.find(({ queue }) => queue === 'exports')).toMatchObject({ failed: 1 });
  expect(jobs.upkeep).toEqual([
    expect.objectContaining({ name: 'sweep', state: 'failed', failures: 1 }),
  ]);

  state.isBroken = false;
  const retry = (id: string) =>
    api.request('/admin/v1/jobs/retry', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ queue: 'exports', id }),
    });
  expect((await retry(failed.id)).body['result']).toBe(true);
  await eventually(() => expect(state.done).toBe(1));
  expect((await retry('nothing')).body['result']).toBe(false);
});

test('only operators see and retry jobs', async ({ api, tenant }) => {
  const headers = await api.signIn(tenant.organisationId);
  expect((await api.request('/admin/v1/jobs', { headers })).status).toBe(403);
  const retry = await api.request('/admin/v1/jobs/retry', { method: 'POST', headers, body: '{}' });
  expect(retry.status).toBe(403);
});
