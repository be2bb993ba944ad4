import { createMetrics } from '@runfleet/service';
import { expect } from 'vitest';

import { createApi } from '../../../create-api.ts';
import { testWithApi as test } from '../../../testing.ts';

test("a request for a task's events is redirected to the gateway, with its token", async ({
  api,
}) => {
  const token = 'A'.repeat(30);
  for (const path of ['/v1/tasks/17/events', '/V1//tasks/17/events/']) {
    const { status, headers } = await api.request(`${path}?tasktoken=${token}&after=3`);
    expect(status).toBe(307);
    expect(headers.get('location')).toBe(
      `http://127.0.0.1:3101/v1/tasks/17/events?tasktoken=${token}&after=3`,
    );
  }
  expect(JSON.stringify(api.lines)).not.toContain(token);
});

test('a page of any origin may follow the redirect', async ({ api }) => {
  const headers = { origin: 'https://page.example' };
  const answer = await api.request('/v1/tasks/17/events', { headers });
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
});

test('a malformed id is not redirected, and a redirect never leads back', async ({ api }) => {
  for (const id of ['x', '0', '-1', '..', '%2e%2e', '1%00', '9'.repeat(40)]) {
    expect((await api.request(`/v1/tasks/${id}/events`)).status).toBe(404);
  }
  const settings = {
    ...api.ctx.settings,
    apiUrl: 'https://fleet.example/v1',
    socketUrl: 'wss://fleet.example/v1',
  };
  const app = createApi({ ...api.ctx, settings, metrics: createMetrics({ role: 'api' }) });
  expect((await app.request('/v1/tasks/17/events')).status).toBe(404);
});
