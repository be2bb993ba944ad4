import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import { testWithApi as test } from './testing.ts';

const built = test.extend('pages', async ({ api }) => {
  const dir = api.ctx.settings.dashboardDir;
  await mkdir(join(dir, 'assets'), { recursive: true });
  await writeFile(join(dir, 'index.html'), '<!doctype html><title>Runfleet</title>');
  await writeFile(join(dir, 'assets', 'index-abc.js'), `export const a = "${'x'.repeat(2000)}";`);
  await writeFile(join(dir, '..', 'secret.txt'), 'secret');
  return dir;
});

built('every path of the dashboard is answered with its page', async ({ api, pages }) => {
  expect(pages).toBeDefined();
  for (const path of ['/', '/models/microsoft/Phi-3.5-mini-instruct', '/tasks/17', '/fleet']) {
    const { status, text, headers } = await api.request(path);
    expect({ status, text }).toMatchObject({
      status: 200,
      text: expect.stringContaining('Runfleet'),
    });
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'self'; connect-src 'self' ws://127.0.0.1:3101; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
  }
});

built('assets are cached as immutable, and compressed', async ({ api, pages }) => {
  expect(pages).toBeDefined();
  const headers = { 'accept-encoding': 'gzip, br' };
  const answer = await api.request('/assets/index-abc.js', { headers });
  expect(answer.headers.get('cache-control')).toContain('immutable');
  expect(answer.headers.get('content-type')).toContain('javascript');
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  expect(answer.text.length).toBeLessThan(500);
  expect((await api.request('/assets/index-abc.js')).text).toContain('export');
});

built('files outside the folder and missing assets are not found', async ({ api, pages }) => {
  expect(pages).toBeDefined();
  for (const path of [
    '/assets/gone.js',
    '/favicon.ico',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
  ]) {
    const { status, text } = await api.request(path);
    expect({ path, status }).toEqual({ path, status: 404 });
    expect(text).not.toContain('secret\n');
  }
});

test('a dashboard that is not built is answered with how to build it', async ({ api }) => {
  const { status, body } = await api.request('/');
  expect({ status, body }).toMatchObject({
    status: 404,
    body: { errors: [{ message: expect.stringContaining('pnpm --filter') }] },
  });
});
