import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { MODELS, slugOf } from '@runfleet/models';
import { leadPool, writePoolStanding, yieldPool } from '@runfleet/tasks';
import { describe, expect } from 'vitest';

import { ORIGIN, RUN, testWithApi as test } from '../testing.ts';

const SIGN_IN_REQUIRED = { errors: [{ code: 98, message: 'Sign in to continue.' }], result: false };

describe('the dashboard', () => {
  test('knows who is signed in, their projects and their money', async ({ api, tenant }) => {
    await api.call(tenant, RUN, { prompt: 'a' });
    const headers = await api.signIn(tenant.organisationId);
    const { status, body } = await api.request('/api/v1/me', { headers });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        user: {
          id: expect.any(String),
          email: expect.stringContaining('@example.org'),
          name: 'Ada',
          isOperator: false,
        },
        organisation: { id: tenant.organisationId, name: 'Acme' },
        projects: [
          {
            id: tenant.projectId,
            name: 'Demo',
            authType: 'signature',
            keyHint: tenant.apiKey.slice(-4),
          },
        ],
        account: { balance: '1000.000000000000', held: '0.175500000000', activeTasks: 1 },
        socketUrl: 'ws://127.0.0.1:3101/v1',
        served: Object.fromEntries(MODELS.map((model) => [slugOf(model), []])),
      },
    });
  });

  test('uses the compatible calls with its session', async ({ api, tenant, db }) => {
    const headers = await api.signIn(tenant.organisationId);
    const post = async (path: string, body: unknown) =>
      (await api.request(path, { method: 'POST', headers, body: JSON.stringify(body) })).body;
    const run = await post(RUN, { prompt: 'a' });
    expect(run).toMatchObject({ result: true });
    expect(await post('/v1/Task/Detail', { tasktoken: run['socketaccesstoken'] })).toMatchObject({
      tasklist: [{ id: run['taskid'], projectid: tenant.projectId, uuid: tenant.ownerId }],
    });
    expect(await post('/v1/Task/List', {})).toMatchObject({ total: '1' });
    expect(await post(RUN, { prompt: 'a', projectid: tenant.projectId })).toMatchObject({
      result: true,
    });
    const other = await api.createTenant();
    expect(await post(RUN, { prompt: 'a', projectid: other.projectId })).toMatchObject({
      result: false,
    });
    await expect(db.sql`select 1 from tasks`).resolves.toHaveLength(2);
  });

  test('is no page of another site, and nothing without an origin', async ({ api, tenant, db }) => {
    const { cookie } = await api.signIn(tenant.organisationId);
    for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`, undefined]) {
      const headers = origin === undefined ? { cookie } : { cookie, origin };
      const init = { method: 'POST', headers, body: '{"prompt":"a"}' };
      expect((await api.request(RUN, init)).status).toBe(403);
    }
    await expect(db.sql`select 1 from tasks`).resolves.toHaveLength(0);
  });

  test('is told to sign in without a session or with a forged one', async ({ api }) => {
    const cookie = 'runfleet.session_token=forged.cookie';
    for (const headers of [{}, { cookie }]) {
      const { status, body } = await api.request('/api/v1/me', { headers });
      expect({ status, body }).toEqual({ status: 401, body: SIGN_IN_REQUIRED });
    }
    const headers = { cookie, origin: ORIGIN };
    const { status, body } = await api.request(RUN, { method: 'POST', headers, body: '{}' });
    expect({ status, body }).toEqual({ status: 401, body: SIGN_IN_REQUIRED });
  });
});

describe('the fleet', () => {
  test('is shown to operators, with every moment and amount as text', async ({ api, tenant }) => {
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

  test('shows what the leader of a pool last saw, while it leads', async ({ api, tenant }) => {
    const pool = 'phi-3-5-mini-instruct';
    const holder = 'broker-1';
    const standing = {
      queued: 3,
      running: 1,
      oldestWaitSeconds: 2.5,
      unservedMs: null,
      idle: { labels: 2 },
      workers: {},
    };
    await leadPool(api.ctx, { pool, holder });
    await writePoolStanding(api.ctx, { pool, holder, standing });
    const headers = await api.signIn(tenant.organisationId, { isOperator: true });
    const read = async () => (await api.request('/admin/v1/fleet', { headers })).body['standings'];
    expect(await read()).toEqual({ [pool]: standing });
    await yieldPool(api.ctx, { pool, holder });
    expect(await read()).toEqual({});
  });

  test('is closed to everybody else', async ({ api, tenant }) => {
    const headers = await api.signIn(tenant.organisationId);
    expect((await api.request('/admin/v1/fleet', { headers })).status).toBe(403);
    expect((await api.request('/admin/v1/fleet')).status).toBe(401);
    expect((await api.call(tenant, '/admin/v1/fleet', {})).status).toBe(404);
  });
});

describe('sign-in', () => {
  test('has the calls that the dashboard needs and no other', async ({ api }) => {
    for (const path of ['sign-up/email', 'delete-user', 'update-user', 'sign-in/social']) {
      const init = { method: 'POST', headers: { origin: ORIGIN }, body: '{}' };
      expect((await api.request(`/api/auth/${path}`, init)).status).toBe(404);
    }
  });

  test('is limited by address, and a client cannot choose its address', async ({ api }) => {
    const incoming = { socket: { remoteAddress: '192.0.2.77' } };
    const attempt = async (guess: number) => {
      const init = {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          origin: ORIGIN,
          'x-runfleet-client-ip': `192.0.2.${guess}`,
          'x-forwarded-for': `192.0.2.${guess}`,
        },
        body: JSON.stringify({ email: 'a@example.org', password: 'wrong' }),
      };
      return api.app.request('/api/auth/sign-in/email', init, { incoming });
    };
    const answers = await Promise.all(Array.from({ length: 21 }, (_, guess) => attempt(guess)));
    const refused = answers.find((answer) => answer.status === 429);
    expect(refused?.headers.get('retry-after')).toMatch(/^\d+$/);
    await expect(refused?.json()).resolves.toMatchObject({ result: false });
  });

  test('takes no large body', async ({ api }) => {
    const init = { method: 'POST', headers: { origin: ORIGIN }, body: 'x'.repeat(20_000) };
    expect((await api.request('/api/auth/sign-in/email', init)).status).toBe(413);
  });
});

describe('the built pages', () => {
  const built = test.extend('pages', async ({ api }) => {
    const dir = api.ctx.settings.dashboardDir;
    await mkdir(join(dir, 'assets'), { recursive: true });
    await writeFile(join(dir, 'index.html'), '<!doctype html><title>Runfleet</title>');
    await writeFile(join(dir, 'assets', 'index-abc.js'), `export const a = "${'x'.repeat(2000)}";`);
    await writeFile(join(dir, '..', 'secret.txt'), 'secret');
    return dir;
  });

  built('every path of the dashboard is its page', async ({ api, pages }) => {
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

  built('assets are for ever, and small on the way', async ({ api, pages }) => {
    expect(pages).toBeDefined();
    const headers = { 'accept-encoding': 'gzip, br' };
    const answer = await api.request('/assets/index-abc.js', { headers });
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(answer.headers.get('content-type')).toContain('javascript');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.text.length).toBeLessThan(500);
    expect((await api.request('/assets/index-abc.js')).text).toContain('export');
  });

  built('nothing outside the folder is served, and no asset is made up', async ({ api, pages }) => {
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

  test('a dashboard that is not built says how to build it', async ({ api }) => {
    const { status, body } = await api.request('/');
    expect({ status, body }).toMatchObject({
      status: 404,
      body: { errors: [{ message: expect.stringContaining('pnpm --filter') }] },
    });
  });
});
