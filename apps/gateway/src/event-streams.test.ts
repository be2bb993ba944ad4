import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';

import { stageEvents, stageTask } from '@runfleet/events/testing';
import {
  createOrganisation,
  createProject,
  createUser,
  openMasterKey,
  revokeProject,
  signatureOf,
} from '@runfleet/identity';
import { type NewTaskEvent, newTaskToken } from '@runfleet/protocol';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import { startTestGateway, testWithGateway } from './testing.ts';

const MASTER_KEY = 'ab'.repeat(32);
const LIFE: NewTaskEvent[] = [
  { type: 'task_queue', payload: null },
  { type: 'task_cancel', payload: null },
];

const test = testWithGateway.extend(
  'tenant',
  async ({ db, databaseUrl, redisUrl }, { onCleanup }) => {
    const ctx = { db, masterKey: await openMasterKey({ hex: MASTER_KEY, file: '' }) };
    const gateway = await startTestGateway({ databaseUrl, redisUrl }, {}, { MASTER_KEY });
    onCleanup(() => gateway[Symbol.asyncDispose]());
    const { organisationId } = await createOrganisation(ctx, { name: 'Acme' });
    const { userId: ownerId } = await createUser(ctx, {
      email: 'owner@acme.test',
      password: 'correct horse',
      name: 'Owner',
      isOperator: false,
    });
    const make = async (authType: 'signature' | 'apikey') => {
      const project = { organisationId, ownerId, name: 'Demo', authType };
      const { projectId, apiKey, apiSecret } = await createProject(ctx, project);
      return { projectId, apiKey, apiSecret: apiSecret ?? '' };
    };
    const task = await stageTask({ db });
    await db.sql`update tasks set organisation_id = ${organisationId} where id = ${task.id}`;
    const url = `${gateway.url}/v1/tasks/${task.id}/events`;
    return { ...ctx, organisationId, gateway, make, task, url };
  },
);

type Project = { apiKey: string; apiSecret: string };
const base64 = (text: string) => Buffer.from(text).toString('base64');

test.for<
  [name: string, type: 'signature' | 'apikey', (project: Project) => Record<string, string>]
>([
  [
    'a signature',
    'signature',
    (project) => ({
      'x-api-key': project.apiKey,
      'x-nonce': '42',
      'x-signature': signatureOf({ ...project, nonce: '42' }),
    }),
  ],
  ['a key', 'apikey', ({ apiKey }) => ({ 'x-api-key': apiKey })],
  ['a bearer key', 'apikey', ({ apiKey }) => ({ authorization: `Bearer ${apiKey}` })],
  [
    'a bearer of key and secret',
    'signature',
    ({ apiKey, apiSecret }) => ({ authorization: `Bearer ${apiKey}:${apiSecret}` }),
  ],
  [
    'a bearer of base64',
    'signature',
    ({ apiKey, apiSecret }) => ({ authorization: `Bearer ${base64(`${apiKey}:${apiSecret}`)}` }),
  ],
  [
    'key and secret in one header',
    'signature',
    ({ apiKey, apiSecret }) => ({ 'x-api-key': `${apiKey}:${apiSecret}` }),
  ],
])('%s of the project opens a stream of its task', async ([, type, headersOf], { db, tenant }) => {
  await stageEvents({ db }, tenant.task, LIFE);
  const headers = headersOf(await tenant.make(type));
  const answer = await fetch(tenant.url, { headers });

  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  expect(await answer.text()).toContain('"task_cancel"');
  const rest = await fetch(tenant.url, { headers: { ...headers, 'last-event-id': '1' } });
  expect(await rest.text()).toMatch(/^id: 2\n/);
});

test("another tenant's task and an unknown one get the same answer", async ({ db, tenant }) => {
  const { apiKey } = await tenant.make('apikey');
  const foreign = await stageTask({ db });
  await db.sql`update tasks set organisation_id = 999 where id = ${foreign.id}`;
  const answers = [];
  for (const id of [foreign.id, '999999', '0', 'x', '1e3', '%00']) {
    const url = `${tenant.gateway.url}/v1/tasks/${id}/events`;
    const answer = await fetch(url, { headers: { 'x-api-key': apiKey } });
    answers.push({ status: answer.status, body: await answer.text() });
  }
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  expect(answers.every(({ status }) => status === 404)).toBe(true);
});

test('an unknown key and a wrong secret are refused', async ({ tenant }) => {
  const { apiKey } = await tenant.make('signature');
  for (const headers of [
    { 'x-api-key': 'unknown' },
    { 'x-api-key': apiKey },
    { 'x-api-key': `${apiKey}:wrong` },
    { authorization: `Bearer ${base64(`${apiKey}:wrong`)}` },
    { 'x-api-key': apiKey, authorization: 'Bearer another' },
  ]) {
    expect((await fetch(tenant.url, { headers })).status).toBe(401);
  }
});

test('without a master key signatures cannot be checked, but plain keys can', async ({
  db,
  databaseUrl,
  redisUrl,
  tenant,
}) => {
  await stageEvents({ db }, tenant.task, LIFE);
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    {},
    { MASTER_KEY_FILE: '/nowhere/master.key' },
  );
  const url = `${gateway.url}/v1/tasks/${tenant.task.id}/events`;
  const signed = await tenant.make('signature');
  const open = await tenant.make('apikey');
  const status = async (key: string) =>
    (await fetch(url, { headers: { 'x-api-key': key } })).status;
  expect(await status(`${signed.apiKey}:${signed.apiSecret}`)).toBe(503);
  expect(await status(open.apiKey)).toBe(200);
});

test('a revoked key ends its own open streams within 5 s, and no others', async ({
  db,
  tenant,
}) => {
  await stageEvents({ db }, tenant.task, LIFE.slice(0, 1));
  const [revoked, kept] = [await tenant.make('apikey'), await tenant.make('apikey')];
  const open = (key: string) => openStream(tenant.url, { 'x-api-key': key });
  const ending = await open(revoked.apiKey);
  const staying = await open(kept.apiKey);
  const byToken = await openStream(`${tenant.url}?tasktoken=${tenant.task.token}`, {});
  const beganAt = performance.now();
  await revokeProject(tenant, { ...tenant, projectId: revoked.projectId });

  await closeOf(ending);
  expect(performance.now() - beganAt).toBeLessThan(5_000);
  expect([staying.destroyed, byToken.destroyed]).toEqual([false, false]);
  await eventually(async () => {
    const headers = { 'x-api-key': revoked.apiKey };
    expect((await fetch(tenant.url, { headers })).status).toBe(401);
  });
  expect(performance.now() - beganAt).toBeLessThan(5_500);
  for (const stream of [staying, byToken]) stream.destroy();
});

test.for(['x', '-1', '1e3', '0x10', '9'.repeat(30), '1,2', '٣', ' '])(
  'a position of %j is refused',
  async (position, { db, gateway }) => {
    const task = await stageTask({ db });
    const url = `${gateway.url}/v1/tasks/${task.id}/events?tasktoken=${task.token}`;
    const byQuery = await fetch(`${url}&after=${encodeURIComponent(position)}`);
    expect(await byQuery.json()).toMatchObject({ result: false });
    if (!/^[\x21-\x7e]+$/.test(position)) return;
    const byHeader = await fetch(url, { headers: { 'last-event-id': position } });
    expect(await byHeader.json()).toMatchObject({ result: false });
  },
);

test.for(['/V1/Tasks/{id}/Events', '//v1//tasks/{id}/events', '/v1/tasks/{id}/events/'])(
  'the path may be written %s',
  async (path, { db, gateway }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, LIFE);
    const url = `${gateway.url}${path.replace('{id}', task.id)}?tasktoken=${task.token}`;
    expect((await fetch(url)).headers.get('content-type')).toBe('text/event-stream');
  },
);

test('streams of one address are limited like sockets, and an ended one frees its place', async ({
  db,
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    {},
    { GATEWAY_CONNECTIONS_PER_ADDRESS: '3' },
  );
  const task = await stageTask({ db });
  await stageEvents({ db }, task, LIFE.slice(0, 1));
  const url = `${gateway.url}/v1/tasks/${task.id}/events?tasktoken=${task.token}`;
  const streams = [];
  for (let open = 0; open < 3; open += 1) streams.push(await openStream(url, {}));
  expect((await fetch(url)).status).toBe(429);

  for (const stream of streams) stream.destroy();
  await eventually(async () => {
    const again = await openStream(url, {});
    expect(again.statusCode).toBe(200);
    again.destroy();
  });
});

test('a pipelined stream request cuts its connection and leaves no subscription', async ({
  db,
  gateway,
}) => {
  const task = await stageTask({ db });
  await stageEvents({ db }, task, LIFE.slice(0, 1));
  const path = `/v1/tasks/${task.id}/events?tasktoken=${task.token}`;
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').resume();
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3));
  await closeOf(socket);

  await eventually(async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('runfleet_gateway_connections{kind="stream",role="gateway"} 0');
    expect(metrics).toMatch(/runfleet_gateway_watches\{role="gateway"\} 0/);
  });
});

test('unanswered requests on one connection are limited', async ({ gateway }) => {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').resume();
  socket.on('error', () => {});
  socket.write('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2_000));
  await closeOf(socket);
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
});

test('a connection with half a request is closed within seconds', async ({ gateway }) => {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').resume();
  socket.on('error', () => {});
  socket.write(`GET /v1/tasks/1/events?tasktoken=${newTaskToken()} HTTP/1.1\r\nHost:`);
  const beganAt = performance.now();
  await closeOf(socket);
  expect(performance.now() - beganAt).toBeLessThan(15_000);
});

test('the body of an unknown route is not read', async ({ gateway }) => {
  const { port } = new URL(gateway.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write('POST /v1/Run HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1.1 404 [^]*connection: close/i);
  await closeOf(socket.resume());
});

test('requests that open no connection are limited by address, and health is exempt', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { requestsPerAddress: 3 },
  );
  const status = async (path: string) => (await fetch(gateway.url + path)).status;
  const statuses = [];
  for (let ask = 0; ask < 4; ask += 1) statuses.push(await status('/metrics'));
  expect(statuses).toEqual([200, 200, 200, 429]);
  expect(await status('/healthz')).toBe(200);
});

/** Unlike `once`, it does not reject on an earlier error. */
function closeOf(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once('close', () => resolve()));
}

async function openStream(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const request = httpRequest(url, { headers, agent: false }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  await once(response, 'data');
  return response.resume();
}
