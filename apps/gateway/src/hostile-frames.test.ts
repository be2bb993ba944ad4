import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { lifeOf, stageEvents, stageTask } from '@runfleet/events/testing';
import { expect, vi } from 'vitest';
import { WebSocket } from 'ws';

import { startTestGateway, TestClient, testWithGateway as test } from './testing.ts';

const NESTED = 30_000;

test.for<[name: string, sent: (token: string) => string]>([
  ['a negative position', (token) => `{"type":"task_info","tasktoken":"${token}","after":-1}`],
  ['a position as text', (token) => `{"type":"task_info","tasktoken":"${token}","after":"5"}`],
  ['a fractional position', (token) => `{"type":"task_info","tasktoken":"${token}","after":0.5}`],
  ['a huge position', (token) => `{"type":"task_info","tasktoken":"${token}","after":1e300}`],
  ['an array as position', (token) => `{"type":"task_info","tasktoken":"${token}","after":[1]}`],
  ['an unknown mode', (token) => `{"type":"task_info","tasktoken":"${token}","mode":"all"}`],
  ['billing as text', (token) => `{"type":"task_info","tasktoken":"${token}","billing":"yes"}`],
])('%s is refused with the token', async ([, sent], { db, gateway }) => {
  const task = await stageTask({ db });
  await using client = await TestClient.watching(gateway);
  client.socket.send(sent(task.token));
  await client.untilType('error');

  expect(client.frames.at(-1)).toEqual({
    type: 'error',
    message: 'task_info-invalid',
    result: false,
    tasktoken: task.token,
  });
});

test.for<[name: string, sent: string]>([
  ['deep JSON', '['.repeat(NESTED) + ']'.repeat(NESTED)],
  ['a deep object', '{"type":'.repeat(5_000) + '1' + '}'.repeat(5_000)],
  ['a prototype', '{"__proto__":{"type":"task_info"},"constructor":1}'],
  ['NUL', '\0'.repeat(1_000)],
  ['a lone surrogate', '"\\ud800"'],
  ['a number of a thousand digits', '9'.repeat(1_000)],
])('%s is ignored and the socket stays usable', async ([, sent], { db, gateway }) => {
  const task = await stageTask({ db });
  await stageEvents({ db }, task, lifeOf(['Hi']));
  await using client = await TestClient.watching(gateway);
  client.socket.send(sent);
  client.ask({ tasktoken: task.token });
  await client.untilType('task_postprocess_end');

  expect(client.frames.filter(({ type }) => type === 'error')).toEqual([]);
});

test.for<[name: string, token: string]>([
  ['NUL', `${'a'.repeat(29)}\0`],
  ['a line feed at the end', `${'a'.repeat(30)}\n`],
  ['SQL', `' or 1=1 --${'a'.repeat(19)}`],
  ['60,000 letters', 'a'.repeat(60_000)],
])('%s in a token is a bad token, and is not repeated', async ([, tasktoken], { gateway }) => {
  await using client = await TestClient.watching(gateway, { tasktoken });
  await client.untilType('error');

  expect(client.frames.at(-1)).toEqual({
    type: 'error',
    message: 'tasktoken-invalid',
    result: false,
  });
});

test('a position beyond the end of an ended task gets its last frame again', async ({
  db,
  gateway,
}) => {
  const task = await stageTask({ db });
  await stageEvents({ db }, task, lifeOf(['Hi']));
  for (const after of [lifeOf(['Hi']).length, 1_000, Number.MAX_SAFE_INTEGER]) {
    for (const mode of ['cumulative', 'delta'] as const) {
      await using client = await TestClient.watching(gateway, {
        tasktoken: task.token,
        after,
        mode,
      });
      await client.untilType('task_postprocess_end');
      client.ask({ tasktoken: 'bad' });
      await client.untilType('error');
      expect(client.types).toEqual(['task_postprocess_end']);
    }
  }
});

test('a position beyond the end of a live log gets no frames yet', async ({ db, gateway }) => {
  const task = await stageTask({ db });
  await stageEvents({ db }, task, lifeOf(['Hi']).slice(0, 3));
  const after = Number.MAX_SAFE_INTEGER;
  await using client = await TestClient.watching(gateway, { tasktoken: task.token, after });
  client.ask({ tasktoken: 'bad' });
  await client.untilType('error');
  expect(client.taskFrames).toEqual([]);
});

test('hundreds of requests for one task send its frames once', async ({ db, gateway }) => {
  const task = await stageTask({ db });
  await stageEvents({ db }, task, lifeOf(['Hi']).slice(0, 3));
  await using client = await TestClient.watching(gateway);
  for (let ask = 0; ask < 400; ask += 1) client.ask({ tasktoken: task.token });
  client.ask({ tasktoken: 'bad' });
  await client.untilType('error');
  await client.untilType('task_accept');

  expect(client.types).toEqual(['task_queue', 'task_assign', 'task_accept']);
});

test('frames beyond the rate wait in the network, and none are lost', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using gateway = await startTestGateway(
    { databaseUrl, redisUrl },
    { framesBurst: 4, framesPerSecond: 50, badTokensPerConnection: 1_000 },
  );
  await using client = await TestClient.watching(gateway);
  const beganAt = performance.now();
  // So long that two of them never arrive in one read.
  const padding = 'x'.repeat(60_000);
  for (let ask = 0; ask < 24; ask += 1) client.ask({ tasktoken: 'bad', padding });
  await client.untilType('error', 24);

  // 20 frames beyond the burst; a pause may let two more in, so 100 a second at most, and some jitter.
  expect(performance.now() - beganAt).toBeGreaterThan(100);
  expect(client.closed).toBeNull();
});

test.for<[name: string, code: number, bytes: () => Buffer]>([
  [
    'a message of many small fragments',
    1008,
    () => Buffer.concat([fragment(1), ...repeat(fragment(0))]),
  ],
  ['fragments that are too long together', 1009, () => longFragments()],
  ['a frame that declares 2^52 bytes', 1009, () => hugeFrame()],
  ['a compressed frame', 1002, () => frame(0xc1, Buffer.from('x'))],
  ['a frame that is not masked', 1002, () => Buffer.from([0x81, 0x01, 0x78])],
  ['an unknown opcode', 1002, () => frame(0x83, Buffer.from('x'))],
  ['text that is not UTF-8', 1007, () => frame(0x81, Buffer.from([0xff, 0xfe]))],
])('%s closes only its own socket', async ([, code, bytes], { gateway }) => {
  await using neighbour = await TestClient.watching(gateway);
  const raw = await rawSocket(gateway);
  raw.write(bytes());
  expect(await closeCode(raw)).toBe(code);

  neighbour.ask({ tasktoken: 'bad' });
  await neighbour.untilType('error');
  expect(neighbour.closed).toBeNull();
});

test('compression is never negotiated', async ({ gateway }) => {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1`, {
    perMessageDeflate: true,
  });
  await once(socket, 'open');
  expect(socket.extensions).toBe('');
  socket.terminate();
});

test('unread answers to pings do not pile up', async ({ gateway }) => {
  await using neighbour = await TestClient.watching(gateway);
  const raw = await rawSocket(gateway);
  raw.pause();
  const pings = Buffer.concat(Array<Buffer>(500).fill(frame(0x89, Buffer.alloc(125))));
  for (let burst = 0; burst < 400; burst += 1) raw.write(pings);
  for (let read = 0; read < 10; read += 1) {
    expect(await bufferedBytes(gateway)).toBeLessThan(1_000_000);
  }
  neighbour.ask({ tasktoken: 'bad' });
  await neighbour.untilType('error');
  raw.destroy();
});

test('a refused socket is closed, even if its client sends more and does not close it', async ({
  gateway,
}) => {
  const port = Number(new URL(gateway.url).port);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let reply = '';
  socket.on('error', () => {}).on('data', (data) => (reply += String(data)));
  socket.write(
    'GET /v1/nowhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  );
  await once(socket, 'end');
  expect(reply).toContain('There is no socket at /v1/nowhere');
  await vi.waitFor(() => {
    socket.write('more');
    expect(socket.destroyed).toBe(true);
  });
});

/** A masked frame as a client sends it. */
function frame(first: number, payload: Buffer): Buffer {
  const head =
    payload.length < 126
      ? Buffer.from([first, 0x80 | payload.length])
      : Buffer.from([first, 0x80 | 126, payload.length >> 8, payload.length & 255]);
  // A mask of zeros leaves the payload unchanged.
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

async function bufferedBytes(gateway: { url: string }): Promise<number> {
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(/runfleet_gateway_buffered_bytes\{role="gateway"\} (\d+)/.exec(metrics)?.[1]);
}

function fragment(opcode: number): Buffer {
  return frame(opcode, Buffer.from('x'));
}

function repeat(fragment: Buffer): Buffer[] {
  return Array<Buffer>(100).fill(fragment);
}

function longFragments(): Buffer {
  const fragment = Buffer.alloc(40_000, 'x');
  return Buffer.concat([frame(1, fragment), frame(0, fragment), frame(0, fragment)]);
}

function hugeFrame(): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(2n ** 52n);
  return Buffer.concat([Buffer.from([0x81, 0xff]), length, Buffer.alloc(4)]);
}

async function rawSocket(gateway: { url: string }): Promise<Socket> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    'GET /v1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  let text = '';
  while (!text.includes('"connected"')) text += String((await once(socket, 'data'))[0]);
  return socket;
}

/** The code of the close frame that the server sends. */
async function closeCode(socket: Socket): Promise<number> {
  for (;;) {
    const [data] = (await once(socket, 'data')) as [Buffer];
    const at = data.indexOf(0x88);
    if (at >= 0) return data.readUInt16BE(at + 2);
  }
}
