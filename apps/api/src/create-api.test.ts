import { connectDb } from '@runfleet/db';
import { createAuth, ProjectCache } from '@runfleet/identity';
import { RUN_HEADERS } from '@runfleet/protocol';
import { createMetrics } from '@runfleet/service';
import { expect, vi } from 'vitest';

import { createApi } from './create-api.ts';
import { ORIGIN, RUN, testWithApi as test } from './testing.ts';

test('an unknown path is refused with 404 in the envelope', async ({ api }) => {
  const calls = [
    ['POST', '/v1/Nothing/Here'],
    ['POST', '/v1/File/Nothing'],
    ['GET', '/v1/Task/Detail'],
    ['GET', '/v1'],
    ['GET', '/api/v1/nothing'],
    ['GET', '/admin'],
    ['DELETE', '/v1/Run/a/b'],
    ['POST', '/'],
  ] as const;
  for (const [method, path] of calls) {
    const { status, body } = await api.request(path, { method });
    const message = `${method} ${path} does not exist.`;
    expect({ status, body }).toEqual({
      status: 404,
      body: { errors: [{ code: 0, message }], result: false },
    });
  }
});

test("every answer carries a request id: the caller's own if it sent one", async ({ api }) => {
  const own = { headers: { 'x-request-id': 'abc-1.2_3' } };
  expect((await api.request('/healthz', own)).headers.get('x-request-id')).toBe('abc-1.2_3');
  for (const init of [{}, { headers: { 'x-request-id': 'a b' } }]) {
    for (const path of ['/healthz', '/nothing.js', '/v1/x', '/api/auth/get-session']) {
      const { headers } = await api.request(path, init);
      expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  }
});

test('a request is one log line, with caller, route and duration, and without secrets', async ({
  api,
  tenant,
}) => {
  const { body } = await api.call(tenant, RUN, { prompt: 'a very private question' });
  await api.call(tenant, RUN, {});
  const lines = api.lines.filter((line) => line['msg'] === 'request');
  expect(lines).toMatchObject([
    {
      level: 'info',
      method: 'POST',
      route: '/v1/run/:owner/:name',
      status: 200,
      code: null,
      ms: expect.any(Number),
      requestId: expect.any(String),
      organisationId: tenant.organisationId,
      projectId: tenant.projectId,
      taskId: body['taskid'],
    },
    { status: 200, code: 0 },
  ]);
  const written = JSON.stringify(api.lines);
  for (const secret of ['private', tenant.apiKey, tenant.apiSecret, body['socketaccesstoken']]) {
    expect(written).not.toContain(secret);
  }
});

test('a page of any origin may call with a key and with every header of a Run', async ({
  api,
  tenant,
}) => {
  const origin = 'https://page.example';
  const headers = { origin, 'access-control-request-method': 'POST' };
  const preflight = await api.request(RUN, { method: 'OPTIONS', headers });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  const allowed = preflight.headers.get('access-control-allow-headers')?.split(',');
  expect(allowed).toEqual(
    expect.arrayContaining([...Object.values(RUN_HEADERS), 'x-api-key', 'x-nonce', 'x-signature']),
  );
  for (const given of [{ prompt: 'a' }, {}]) {
    const answer = await api.call(tenant, RUN, given, { origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  }
});

test('pages of other origins may not read answers to a session', async ({ api, tenant }) => {
  const { cookie } = await api.signIn(tenant.organisationId, { isOperator: true });
  for (const path of ['/api/v1/me', '/admin/v1/fleet', '/']) {
    const headers = { cookie, origin: 'https://page.example' };
    const answers = [
      await api.request(path, { headers }),
      await api.request(path, { headers, method: 'OPTIONS' }),
    ];
    for (const answer of answers) {
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  }
});

test('requests are counted by route, status and code', async ({ api, tenant }) => {
  await api.call(tenant, RUN, { prompt: 'a' });
  await api.call(tenant, RUN, {});
  await api.request('/v1/unknown/path');
  const { text } = await api.request('/metrics');
  const count = 'runfleet_api_requests_total';
  const run = 'route="/v1/run/:owner/:name",status="200"';
  expect(text).toContain(`${count}{${run},code="",role="api"} 1`);
  expect(text).toContain(`${count}{${run},code="0",role="api"} 1`);
  expect(text).toContain(`${count}{route="none",status="404",code="0",role="api"} 1`);
  expect(text).toContain(
    'runfleet_api_request_seconds_count{role="api",route="/v1/run/:owner/:name"} 2',
  );
});

test.for([
  ['is unreachable', { port: '1' }],
  ['refuses our password', { password: 'another' }],
  ['has no such database', { pathname: '/absent' }],
] as const)(
  'while Postgres %s, calls are refused with 503 and health checks still answer',
  async ([, change], { api, tenant, databaseUrl }) => {
    const url = Object.assign(new URL(databaseUrl), change);
    await using db = connectDb(url.href);
    const app = createApi({
      ...api.ctx,
      db,
      cache: new ProjectCache(),
      metrics: createMetrics({ role: 'api' }),
    });
    const headers = { 'x-api-key': tenant.apiKey };
    const answer = await app.request(RUN, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    await expect(answer.json()).resolves.toMatchObject({ errors: [{ code: 0 }], result: false });
    expect((await app.request('/healthz')).status).toBe(200);
  },
);

test.for([
  ['POST', '/api/auth/sign-in/email'],
  ['POST', '/api/auth/sign-out'],
  ['POST', '/api/auth/change-password'],
  ['GET', '/api/auth/get-session'],
  ['GET', '/api/v1/me'],
  ['GET', '/admin/v1/fleet'],
] as const)(
  'while Postgres is unreachable, %s %s is 503 in the envelope, and nothing is printed',
  async ([method, path], { api, tenant }) => {
    const { cookie, origin } = await api.signIn(tenant.organisationId, { isOperator: true });
    await using db = connectDb('postgres://none:x@127.0.0.1:1/none');
    const auth = createAuth({ db, baseUrl: ORIGIN, secret: 'cd'.repeat(32), trustedOrigins: [] });
    const app = createApi({ ...api.ctx, db, auth, metrics: createMetrics({ role: 'api' }) });
    const printed: unknown[][] = [];
    for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, name).mockImplementation((...values) => void printed.push(values));
    }
    const email = 'ada@example.org';
    const body = JSON.stringify({
      email,
      password: 'secret',
      currentPassword: 'a',
      newPassword: 'long enough',
    });
    const answer = await app.request(path, {
      method,
      headers: { origin, cookie, 'content-type': 'application/json' },
      ...(method === 'POST' ? { body } : {}),
    });
    vi.restoreAllMocks();
    expect(answer.status).toBe(503);
    await expect(answer.json()).resolves.toMatchObject({ errors: [{ code: 0 }], result: false });
    expect(printed).toEqual([]);
    expect(JSON.stringify(api.lines)).not.toContain(email);
  },
);

test('an internal error is answered with its request id alone, and logged with its cause', async ({
  api,
  tenant,
}) => {
  const store = { ...api.ctx.store, create: () => Promise.reject(new Error('wires crossed')) };
  const app = createApi({ ...api.ctx, store, metrics: createMetrics({ role: 'api' }) });
  const headers = { authorization: `Bearer ${tenant.apiKey}:${tenant.apiSecret}` };
  const answer = await app.request(RUN, { method: 'POST', headers, body: '{"prompt":"a"}' });
  const requestId = answer.headers.get('x-request-id');
  expect(answer.status).toBe(500);
  await expect(answer.json()).resolves.toEqual({
    errors: [{ code: 0, message: `Something went wrong on our side. Request id: ${requestId}` }],
    result: false,
  });
  expect(api.lines).toContainEqual(
    expect.objectContaining({ level: 'error', requestId, err: expect.anything() }),
  );
});
