import { once } from 'node:events';

import { lifeOf, stageEvents, stageTask } from '@runfleet/events/testing';
import { type NewTaskEvent, rawOf, type TaskFrame } from '@runfleet/protocol';
import { expect } from 'vitest';
import { WebSocket } from 'ws';

import { startTestGateway, TestClient, testWithGateway as test } from './testing.ts';

const CHUNK = 'x'.repeat(16 * 1024);
/** Together more than the loopback socket buffers hold. */
const CHUNKS = 1_000;
const SLOW_ENDED = 'ended_total{reason="slow",role="gateway"}';
const BUFFERED = 'buffered_bytes{role="gateway"}';
const DELTAS = { mode: 'delta', billing: true } as const;

test('a client that reads nothing is closed with 4008 and resumes without loss', async ({
  db,
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { stallMs: 1_000, sweepMs: 50, closeMs: 20_000 },
  );
  const task = await stageTask({ db });
  const events = await stageEvents({ db }, task, lifeOf(Array<string>(CHUNKS).fill(CHUNK)));
  await using client = await TestClient.watching(gateway);
  client.socket.pause();
  client.ask({ tasktoken: task.token, ...DELTAS });
  await expect.poll(() => metric(gateway, SLOW_ENDED)).toBe(1);

  client.socket.resume();
  const { code, reason } = await client.untilClosed();
  const last = client.taskFrames.at(-1)?.seq ?? 0;
  expect(code).toBe(4008);
  expect(JSON.parse(reason)).toEqual({ resume: { [task.token]: last } });
  expect(last).toBeLessThan(events.length);

  await using again = await TestClient.watching(gateway, {
    tasktoken: task.token,
    after: last,
    ...DELTAS,
  });
  await again.untilType('task_postprocess_end');
  const frames = [...client.taskFrames, ...again.taskFrames];
  expect(frames.filter(({ type }) => type !== 'task_output').map(({ seq }) => seq)).toEqual(
    events.filter(({ type }) => type !== 'task_output').map(({ seq }) => seq),
  );
  expect(textOf(frames).length).toBe(CHUNKS * CHUNK.length);
});

test('output for a slow client is coalesced, and its buffer stays bounded', async ({
  db,
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway({ databaseUrl, redisUrl });
  const task = await stageTask({ db });
  const events = await stageEvents({ db }, task, lifeOf(Array<string>(CHUNKS).fill(CHUNK)));
  await using client = await TestClient.watching(gateway);
  client.socket.pause();
  client.ask({ tasktoken: task.token, ...DELTAS });
  await expect.poll(() => metric(gateway, BUFFERED)).toBeGreaterThan(0);
  const buffered = await metric(gateway, BUFFERED);
  expect(buffered).toBeLessThan(256 * 1024 + CHUNK.length + 1_024);

  client.socket.resume();
  await client.untilType('task_postprocess_end');
  expect(client.taskFrames.length).toBeLessThan(events.length);
  expect(textOf(client.taskFrames)).toBe(CHUNK.repeat(CHUNKS));
  expect(client.types.slice(-3)).toEqual([
    'task_postprocess_start',
    'task_cost',
    'task_postprocess_end',
  ]);
});

test('the slowest clients are closed when the gateway exceeds its buffer budget', async ({
  db,
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { sweepMs: 50, closeMs: 200 },
    { GATEWAY_BUFFER_BYTES: '200000' },
  );
  const task = await stageTask({ db });
  await stageEvents({ db }, task, lifeOf(Array<string>(CHUNKS).fill(CHUNK)));
  await using slow = await TestClient.watching(gateway);
  await using quick = await TestClient.watching(gateway);
  slow.socket.pause();
  slow.ask({ tasktoken: task.token, ...DELTAS });
  await expect.poll(() => metric(gateway, SLOW_ENDED)).toBe(1);

  quick.ask({ tasktoken: 'bad' });
  await quick.untilType('error');
  expect(quick.closed).toBeNull();
});

test('a client that answers no ping is closed, and only that one', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { pingIntervalMs: 50, sweepMs: 20 },
  );
  await using alive = await TestClient.watching(gateway);
  const dead = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1`, { autoPong: false });
  const [code] = (await once(dead, 'close')) as [number];

  expect(code).toBe(1006);
  expect(await metric(gateway, 'ended_total{reason="dead",role="gateway"}')).toBe(1);
  alive.ask({ tasktoken: 'bad' });
  await alive.untilType('error');
});

test('a stopping gateway sends each client the position to resume from', async ({
  db,
  databaseUrl,
  redisUrl,
}) => {
  const gateway = await startTestGateway({ databaseUrl, redisUrl });
  const task = await stageTask({ db });
  await stageEvents({ db }, task, lifeOf(['Hi']).slice(0, 3));
  await using client = await TestClient.watching(gateway, { tasktoken: task.token });
  const stream = await fetch(
    `${gateway.url}/v1/tasks/${task.id}/events?tasktoken=${task.token}&billing=true`,
  );
  await client.untilType('task_accept');
  await gateway[Symbol.asyncDispose]();

  expect(await client.untilClosed()).toEqual({
    code: 1001,
    reason: JSON.stringify({ resume: { [task.token]: 3 } }),
  });
  expect(await stream.text()).toContain('"task_accept"');
  await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow('fetch failed');
});

test('tasks per socket and bytes per message are bounded', async ({
  db,
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { tokensPerConnectionMax: 2, lookupsPerConnectionMax: 1 },
  );
  const tasks = await Promise.all([stageTask({ db }), stageTask({ db }), stageTask({ db })]);
  const queued: NewTaskEvent = { type: 'task_queue', payload: null };
  for (const task of tasks) await stageEvents({ db }, task, [queued]);
  await using client = await TestClient.watching(
    gateway,
    ...tasks.map(({ token }) => ({ tasktoken: token })),
  );
  await client.untilType('task_queue', 2);
  await client.untilType('error');
  expect(client.frames.find(({ type }) => type === 'error')).toMatchObject({
    message: 'too-many-tasks',
  });

  client.socket.send('x'.repeat(64 * 1024 + 1));
  expect((await client.untilClosed()).code).toBe(1009);
});

function textOf(frames: readonly TaskFrame[]): string {
  return frames
    .filter(({ type }) => type === 'task_output')
    .map(rawOf)
    .join('');
}

async function metric(gateway: { url: string }, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`runfleet_gateway_${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}
