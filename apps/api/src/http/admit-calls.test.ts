import { createProject } from '@runfleet/identity';
import { createMetrics } from '@runfleet/service';
import { expect, vi } from 'vitest';

import type { ApiContext } from '../api-context.ts';
import { createApi } from '../create-api.ts';
import { GrammarReader } from '../grammars/grammar-reader.ts';
import { RUN, type Tenant, testWithApi as test } from '../testing.ts';
import { ByteBudget } from './byte-budget.ts';
import { CallRates } from './call-rates.ts';

const CALLS = ['Tool/List', 'Tool/Detail', 'Tool/Explore'].map((call) => `/v1/${call}`);
const TASK_CALLS = ['Detail', 'List', 'Cancel', 'Kill'].map((call) => `/v1/Task/${call}`);

/** A clock on which nothing is refilled. */
const STOPPED = () => 0;

function keyOf({ apiKey, apiSecret }: Tenant) {
  return { authorization: `Bearer ${apiKey}:${apiSecret}` };
}

/** The role's routes with limits of their own, called from an address. */
function callerOf(ctx: ApiContext, changes: Partial<ApiContext>) {
  const app = createApi({ ...ctx, metrics: createMetrics({ role: 'api' }), ...changes });
  return async (ip: string, path: string, init: RequestInit = { method: 'POST' }) => {
    const incoming = { socket: { remoteAddress: ip } };
    const answer = await app.request(path, init, { incoming });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  };
}

test('a call without a key is refused above the rate of its address, and others are served', async ({
  api,
  tenant,
}) => {
  const call = callerOf(api.ctx, { rates: new CallRates({ address: 1, project: 100 }, STOPPED) });
  const keyed = { method: 'POST', headers: keyOf(tenant) };
  expect((await call('2001:db8::1', '/v1/Tool/List', keyed)).status).toBe(200);
  const answers = [];
  for (let n = 0; n < 6; n++) answers.push(await call('2001:db8::1', '/v1/Tool/List'));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429, 429]);
  const [refused] = answers.slice(-1);
  expect(refused?.headers.get('retry-after')).toBe('1');
  expect(JSON.parse(refused?.body ?? '')).toMatchObject({ errors: [{ code: 0 }], result: false });

  expect((await call('2001:db8::2', '/v1/Tool/List')).status).toBe(429);
  expect((await call('2001:db8:0:1::1', '/v1/Tool/List')).status).toBe(200);
  expect((await call('2001:db8::1', '/healthz', {})).status).toBe(200);
  expect((await call('2001:db8::1', '/readyz', {})).status).toBe(200);
  expect((await call('2001:db8::1', '/v1/Tool/List', keyed)).status).toBe(200);
});

test('wrong keys are refused above their rate without a query, and a valid key still works', async ({
  api,
  tenant,
}) => {
  const call = callerOf(api.ctx, { rates: new CallRates({ address: 5, project: 100 }, STOPPED) });
  const guess = (key: string) =>
    call('192.0.2.1', '/v1/Task/List', { method: 'POST', headers: { 'x-api-key': key } });
  const own = { method: 'POST', headers: keyOf(tenant) };
  expect((await call('192.0.2.1', '/v1/Task/List', own)).status).toBe(200);

  const unknown = await Promise.all(Array.from({ length: 100 }, (_, n) => guess(`key ${n}`)));
  expect(unknown.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(21);
  expect(unknown.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(79);
  // A known key without its signature counts as a guess, too.
  expect((await guess(tenant.apiKey)).status).toBe(429);
  expect((await call('192.0.2.1', '/v1/Task/List', own)).status).toBe(200);
});

test('a project above its rate, by calls or by bytes, is refused and another is served', async ({
  api,
  tenant,
}) => {
  const other = await api.createTenant();
  const call = callerOf(api.ctx, { rates: new CallRates({ address: 100, project: 10 }, STOPPED) });
  const list = (who: Tenant, body = '{}') =>
    call('192.0.2.1', '/v1/Task/List', { method: 'POST', headers: keyOf(who), body });
  const answers = [];
  for (let n = 0; n < 25; n++) answers.push(await list(tenant));
  expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
  expect((await list(other)).status).toBe(200);

  // 4 KB count as four more calls, so these five count as 25.
  const large = JSON.stringify({ padding: 'x'.repeat(4_090) });
  const third = await api.createTenant();
  const statuses = [];
  for (let n = 0; n < 5; n++) statuses.push((await list(third, large)).status);
  expect(statuses.slice(0, 4)).toEqual([200, 200, 200, 200]);
  expect(statuses[4]).toBe(429);
});

test('the work on a grammar counts as calls of its project, even if the Run is refused', async ({
  api,
  tenant,
}) => {
  const other = await api.createTenant();
  const rates = new CallRates({ address: 100, project: 1_000 }, STOPPED);
  const call = callerOf(api.ctx, { rates });
  const run = (who: Tenant, regex: string) => {
    const body = JSON.stringify({ prompt: 'a', max_tokens: 2, regex });
    return call('192.0.2.1', RUN, { method: 'POST', headers: keyOf(who), body });
  };
  expect((await run(other, '[a-z]{1,9}')).status).toBe(200);
  // Together in flight, before the first one has been parsed.
  const together = await Promise.all(
    Array.from({ length: 8 }, () => run(tenant, '[^a]?'.repeat(200))),
  );
  expect(together.filter(({ status }) => status === 429)).toHaveLength(7);
  expect(together.some(({ body }) => body.includes('[regex] takes more than'))).toBe(true);
  expect((await run(tenant, 'a')).status).toBe(429);
  expect((await run(other, '[a-z]{1,9}')).status).toBe(200);
});

test('while a grammar is read, other Runs are answered', async ({ api, tenant }) => {
  const other = await api.createTenant();
  const entry = new URL('data:text/javascript,setInterval(() => {}, 1e6)');
  const grammars = new GrammarReader({ entry });
  const call = callerOf(api.ctx, { grammars });
  const run = (who: Tenant, changes: object) => {
    const body = JSON.stringify({ prompt: 'a', max_tokens: 2, ...changes });
    return call('192.0.2.1', RUN, { method: 'POST', headers: keyOf(who), body });
  };
  const reading = run(other, { regex: 'a' });
  for (const who of [tenant, other]) expect((await run(who, {})).status).toBe(200);
  await grammars[Symbol.asyncDispose]();
  expect((await reading).status).toBe(503);
});

test('the bytes of answers count as calls of their project', async ({ api, tenant }) => {
  const other = await api.createTenant();
  const rates = new CallRates({ address: 100, project: 1_000 }, STOPPED);
  const call = callerOf(api.ctx, { rates });
  const ask = (who: Tenant, path: string, body: unknown) =>
    call('192.0.2.1', path, {
      method: 'POST',
      headers: keyOf(who),
      body: JSON.stringify(body),
    });
  const { body } = await ask(tenant, RUN, { prompt: 'x'.repeat(900_000) });
  const { taskid } = JSON.parse(body) as { taskid: string };
  const statuses = [];
  for (let n = 0; n < 4; n++)
    statuses.push((await ask(tenant, TASK_CALLS[0] ?? '', { taskid })).status);
  expect(statuses).toEqual([200, 200, 429, 429]);
  expect((await ask(other, TASK_CALLS[1] ?? '', {})).status).toBe(200);
});

test('a body holds memory as it arrives, as part of its organisation', async ({ api, tenant }) => {
  const { apiKey, apiSecret } = await createProject(api.ctx, {
    organisationId: tenant.organisationId,
    ownerId: tenant.ownerId,
    name: 'Second',
    authType: 'signature',
  });
  const second = { ...tenant, apiKey, apiSecret };
  const bodies = new ByteBudget(400_000);
  const call = callerOf(api.ctx, { bodies });
  const send = (who: Tenant) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const answer = call('192.0.2.1', RUN, {
      method: 'POST',
      headers: { ...keyOf(who), 'content-length': '95000' },
      body: readable,
      duplex: 'half',
    } as RequestInit);
    const write = (text: string) => writer.write(new TextEncoder().encode(text)).catch(() => {});
    return { answer, write, close: () => writer.close().catch(() => {}) };
  };
  const sent = [send(tenant), send(tenant), send(second)];
  await Promise.all(sent.map(({ write }) => write('{')));
  await vi.waitUntil(() => bodies.heldBytes === 3);
  // A quarter of 400,000 bytes is for one organisation.
  await Promise.all(sent.slice(0, 2).map(({ write }) => write(' '.repeat(45_000))));
  await vi.waitUntil(() => bodies.heldBytes === 90_003);
  await sent[2]?.write(' '.repeat(45_000));
  expect((await sent[2]?.answer)?.status).toBe(429);
  for (const { write, close } of sent) {
    void write('}');
    void close();
  }
  await Promise.all(sent.map(({ answer }) => answer));
  expect(bodies.heldBytes).toBe(0);
});

test('the bodies of one project leave memory for those of others', async ({ api, tenant }) => {
  const other = await api.createTenant();
  const bodies = new ByteBudget(400_000);
  const call = callerOf(api.ctx, { bodies });
  const run = (who: Tenant) =>
    call('192.0.2.1', RUN, {
      method: 'POST',
      headers: { ...keyOf(who), 'content-length': '90000' },
      body: JSON.stringify({ prompt: 'x'.repeat(89_987) }),
    });
  const answers = await Promise.all([...Array.from({ length: 20 }, () => run(tenant)), run(other)]);
  const statuses = answers.map(({ status }) => status);
  expect(statuses.slice(0, 20)).toContain(429);
  expect(statuses.at(-1)).toBe(200);
  expect(bodies.heldBytes).toBe(0);
});

test('a body larger than its route allows is refused before it is read', async ({
  api,
  tenant,
}) => {
  const { cookie, origin } = await api.signIn(tenant.organisationId, { isOperator: true });
  const key = keyOf(tenant);
  const routes = [
    ...[...CALLS, ...TASK_CALLS].map((path) => ({ path, headers: key })),
    ...CALLS.map((path) => ({ path, headers: {} })),
    ...TASK_CALLS.map((path) => ({ path, headers: { cookie, origin } })),
    { path: `/admin/v1/tenants/${tenant.organisationId}`, headers: { cookie, origin } },
    { path: `/admin/v1/projects/${tenant.projectId}`, headers: { cookie, origin } },
    { path: '/api/auth/sign-in/email', headers: { origin } },
    { path: '/api/auth/sign-out', headers: { cookie, origin } },
  ];
  for (const { path, headers } of routes) {
    const untouched = bodyOf(1000);
    const declared = await api.request(path, {
      method: 'POST',
      headers: { ...headers, 'content-length': '950000' },
      body: untouched.stream,
      duplex: 'half',
    } as RequestInit);
    expect({ path, status: declared.status }).toEqual({ path, status: 413 });
    expect(untouched.pulls()).toBeLessThanOrEqual(1);

    const chunked = bodyOf(1000);
    const init = { method: 'POST', headers, body: chunked.stream, duplex: 'half' } as RequestInit;
    expect((await api.request(path, init)).status).toBe(413);
    expect(chunked.pulls()).toBeLessThan(30);
  }
});

test('a caller without access is refused before its body is read', async ({ api }) => {
  for (const path of [RUN, ...TASK_CALLS, '/admin/v1/tenants/1', '/admin/v1/projects/1']) {
    for (const headers of [
      {},
      { 'x-api-key': 'unknown' },
      { cookie: 'runfleet.session_token=x' },
    ]) {
      const body = bodyOf(1000);
      const init = { method: 'POST', headers, body: body.stream, duplex: 'half' } as RequestInit;
      const { status } = await api.request(path, init);
      expect([401, 403]).toContain(status);
      expect(body.pulls()).toBeLessThanOrEqual(1);
    }
  }
});

/** A body of `chunks` kilobytes that counts how many of them were read. */
function bodyOf(chunks: number) {
  let pulls = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (++pulls > chunks) controller.close();
      else controller.enqueue(new Uint8Array(1024).fill(0x20));
    },
  });
  return { stream, pulls: () => pulls };
}
