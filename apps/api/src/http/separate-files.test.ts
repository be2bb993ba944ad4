import { createMetrics } from '@runfleet/service';
import { expect } from 'vitest';

import { createApi } from '../create-api.ts';
import { testWithApi as test } from '../testing.ts';

test('files with an origin of their own are read there alone, and nothing else is served there', async ({
  api,
  tenant,
}) => {
  api.ctx.settings.filesUrl = 'https://files.example/v1';
  const separate = createApi({ ...api.ctx, metrics: createMetrics({ role: 'api' }) });
  const form = new FormData();
  form.set('file', new Blob(['a']), 'a b.txt');
  const authorization = `Bearer ${tenant.apiKey}:${tenant.apiSecret}`;
  const call = async (host: string, path: string, init: RequestInit = {}) =>
    separate.request(path, { ...init, headers: { host, authorization } });
  const answer = await call('api.example', '/v1/File/Upload', { method: 'POST', body: form });
  const { list } = (await answer.json()) as { list: [{ url: string }] };
  const url = new URL(list[0].url);
  expect(url.origin).toBe('https://files.example');

  const elsewhere = await call('api.example', url.pathname);
  expect([elsewhere.status, elsewhere.headers.get('location')]).toEqual([307, url.href]);
  const there = await call('files.example', url.pathname);
  expect([there.status, await there.text()]).toEqual([200, 'a']);
  expect((await call('files.example', '/healthz')).status).toBe(200);
  for (const path of ['/', '/api/auth/get-session', '/v1/openapi.json', '/metrics']) {
    expect((await call('files.example', path)).status).toBe(404);
  }
  const list404 = await call('files.example', '/v1/File/List', { method: 'POST', body: '{}' });
  expect(list404.status).toBe(404);
});
