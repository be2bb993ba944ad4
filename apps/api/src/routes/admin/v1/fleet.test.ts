import { leadPool, writePoolReport, yieldPool } from '@runfleet/tasks';
import { expect } from 'vitest';

import { RUN, testWithApi as test } from '../../../testing.ts';

test('operators read the fleet, with every moment and amount as text', async ({ api, tenant }) => {
  await api.call(tenant, RUN, { prompt: 'a' });
  const headers = await api.signIn(tenant.organisationId, { isOperator: true });
  const { status, body } = await api.request('/admin/v1/fleet', { headers });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    now: expect.stringMatching(/^\d{16}$/),
    queued: [
      {
        pool: 'phi-3-5-mini-instruct',
        count: 1,
        oldestQueuedAt: expect.stringMatching(/^\d{16}$/),
      },
    ],
    workers: [],
    running: [],
    standings: {},
    spentTodayUsd: '0.000000000000',
    finishedToday: 0,
    failedToday: 0,
  });
});

test('the fleet has what the leader of a pool last saw, while it leads', async ({
  api,
  tenant,
}) => {
  const pool = 'phi-3-5-mini-instruct';
  const holder = 'broker-1';
  const report = {
    queued: 3,
    running: 1,
    oldestWaitSeconds: 2.5,
    unservedMs: null,
    idle: { labels: 2 },
    workers: {},
  };
  await leadPool(api.ctx, { pool, holder });
  await writePoolReport(api.ctx, { pool, holder, report });
  const headers = await api.signIn(tenant.organisationId, { isOperator: true });
  const read = async () => (await api.request('/admin/v1/fleet', { headers })).body['standings'];
  expect(await read()).toEqual({ [pool]: report });
  await yieldPool(api.ctx, { pool, holder });
  expect(await read()).toEqual({});
});

test('the fleet is closed to everyone but operators', async ({ api, tenant }) => {
  const headers = await api.signIn(tenant.organisationId);
  expect((await api.request('/admin/v1/fleet', { headers })).status).toBe(403);
  expect((await api.request('/admin/v1/fleet')).status).toBe(401);
  expect((await api.call(tenant, '/admin/v1/fleet', {})).status).toBe(404);
});
