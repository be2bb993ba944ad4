import { once } from 'node:events';
import { connect } from 'node:net';

import { lifeOf, stageEvents, stageTask } from '@runfleet/events/testing';
import { type NewTaskEvent, newTaskToken } from '@runfleet/protocol';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';
import { WebSocket } from 'ws';

import { startTestGateway, TestClient, testWithGateway as test } from './testing.ts';

const QUEUED: NewTaskEvent = { type: 'task_queue', payload: null };

test('a socket that names no task in time is closed, and one that names a task stays', async ({
  db,
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { registerMs: 300, sweepMs: 20 },
  );
  const task = await stageTask({ db });
  await stageEvents({ db }, task, [QUEUED]);
  await using registered = await TestClient.watching(gateway, { tasktoken: task.token });
  await registered.untilType('task_queue');
  await using guess = await TestClient.watching(gateway, { tasktoken: newTaskToken() });
  await using silent = await TestClient.watching(gateway);

  expect((await silent.untilClosed()).code).toBe(1008);
  expect((await guess.untilClosed()).code).toBe(1008);
  await expectOpen(registered);
});

test('a socket follows any number of tasks in turn, and an ended one again', async ({
  db,
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { tokensPerConnectionMax: 4 },
  );
  await using client = await TestClient.watching(gateway);
  const tasks = [];
  for (let index = 0; index < 12; index += 1) {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, lifeOf(['Hi']));
    client.ask({ tasktoken: task.token });
    await client.untilType('task_postprocess_end', index + 1);
    tasks.push(task);
  }
  const [first] = tasks;
  client.ask({ tasktoken: first?.token });
  await client.untilType('task_postprocess_end', tasks.length + 1);

  expect(client.frames.filter(({ type }) => type === 'error')).toEqual([]);
  const ofFirst = client.taskFrames.filter(({ tasktoken }) => tasktoken === first?.token);
  expect(ofFirst.slice(ofFirst.length / 2)).toEqual(ofFirst.slice(0, ofFirst.length / 2));
});

test('a task beyond the limit of one socket is refused with its token', async ({
  db,
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { tokensPerConnectionMax: 1 },
  );
  const [task, more] = await Promise.all([stageTask({ db }), stageTask({ db })]);
  await stageEvents({ db }, task, [QUEUED]);
  await using client = await TestClient.watching(gateway, { tasktoken: task.token });
  await client.untilType('task_queue');
  client.ask({ tasktoken: more.token });
  await client.untilType('error');

  expect(client.frames.at(-1)).toEqual({
    type: 'error',
    message: 'too-many-tasks',
    result: false,
    tasktoken: more.token,
  });
});

test('a socket that guesses tokens gets an error and is closed', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { badTokensPerConnection: 5 },
  );
  await using client = await TestClient.watching(gateway);
  for (let guess = 0; guess < 50; guess += 1) client.ask({ tasktoken: newTaskToken() });

  expect((await client.untilClosed()).code).toBe(1008);
  const messages = client.frames.slice(1).map((frame) => 'message' in frame && frame.message);
  expect(messages).toEqual([...Array<string>(5).fill('tasktoken-invalid'), 'too-many-bad-tokens']);
});

test('bad tokens of one address count together over sockets and event streams', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    {},
    { GATEWAY_BAD_TOKENS_PER_MINUTE: '3' },
  );
  for (let guess = 0; guess < 2; guess += 1) {
    await using client = await TestClient.watching(gateway, { tasktoken: newTaskToken() });
    await client.untilType('error');
    expect(client.closed).toBeNull();
  }
  const stream = () => fetch(`${gateway.url}/v1/tasks/1/events?tasktoken=${newTaskToken()}`);
  expect((await stream()).status).toBe(404);
  const refused = await stream();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  await using client = await TestClient.watching(gateway, { tasktoken: newTaskToken() });
  expect((await client.untilClosed()).code).toBe(1008);
});

test('connections of one address are limited, and those of others are not', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    {},
    { GATEWAY_CONNECTIONS_PER_ADDRESS: '2', TRUSTED_PROXY_HOPS: '1' },
  );
  const from = (address: string) => openFrom(gateway, address);
  const first = await from('192.0.2.1');
  expect([first.status, (await from('192.0.2.1')).status]).toEqual([101, 101]);
  expect((await from('192.0.2.1')).status).toBe(429);
  // One caller controls all addresses of its /64.
  expect((await from('2001:db8::1')).status).toBe(101);
  expect((await from('2001:db8::2')).status).toBe(101);
  expect((await from('2001:db8::3')).status).toBe(429);
  expect((await from('2001:db8:0:1::1')).status).toBe(101);

  first.socket.terminate();
  await eventually(async () => expect((await from('192.0.2.1')).status).toBe(101));
});

test('the connections that one address opens in a minute are limited', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    {},
    { GATEWAY_OPENS_PER_MINUTE: '3', TRUSTED_PROXY_HOPS: '1' },
  );
  for (let open = 0; open < 3; open += 1) {
    const { status, socket } = await openFrom(gateway, '192.0.2.1');
    expect(status).toBe(101);
    socket.terminate();
  }
  expect((await openFrom(gateway, '192.0.2.1')).status).toBe(429);
  expect((await openFrom(gateway, '192.0.2.2')).status).toBe(101);
});

test('over its memory budget the gateway refuses new connections and stays healthy', async ({
  db,
  databaseUrl,
  redisUrl,
}) => {
  const task = await stageTask({ db });
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { sweepMs: 20 },
    { GATEWAY_MEMORY_BYTES: '1000' },
  );
  await eventually(async () => expect((await openFrom(gateway, '')).status).toBe(503));
  const path = `/v1/tasks/${task.id}/events?tasktoken=${task.token}`;
  expect((await fetch(gateway.url + path)).status).toBe(503);
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
});

test('network connections of one address are limited before they send a request', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    {},
    { GATEWAY_CONNECTIONS_PER_ADDRESS: '1' },
  );
  const port = Number(new URL(gateway.url).port);
  const sockets = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').resume());
  for (const socket of sockets) socket.on('error', () => {});
  await eventually(() =>
    expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(65),
  );
  for (const socket of sockets) socket.destroy();
});

async function openFrom(
  gateway: { url: string },
  address: string,
): Promise<{ status: number; socket: WebSocket }> {
  const headers = address === '' ? {} : { 'x-forwarded-for': address };
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1`, { headers });
  socket.on('error', () => {});
  const status = await Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(
      ([, response]) => (response as { statusCode: number }).statusCode,
    ),
  ]);
  return { status, socket };
}

async function expectOpen(client: TestClient): Promise<void> {
  const count = client.frames.filter(({ type }) => type === 'error').length;
  client.ask({ tasktoken: 'bad' });
  await client.untilType('error', count + 1);
  expect(client.closed).toBeNull();
}
