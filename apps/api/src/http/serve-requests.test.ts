import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

import { Hono } from 'hono';
import { expect, test as base, vi } from 'vitest';

import type { ApiEnv } from '../api-context.ts';
import { createApiServer, serveRequests } from './serve-requests.ts';

const LIMITS: Parameters<typeof serveRequests>[2] = {
  connectionsMax: 100,
  connectionsPerAddress: 100,
  unreadBytes: 1_000_000_000,
};
const LARGE_BYTES = 32_000_000;

const test = base.extend('listen', async ({}, { onCleanup }) => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  onCleanup(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close().closeAllConnections();
  });
  return async (
    api: Hono<ApiEnv>,
    limits: Partial<typeof LIMITS> = {},
    onConnection: (socket: Socket) => void = () => {},
  ) => {
    const server = createApiServer().on('connection', onConnection);
    servers.push(server);
    serveRequests(server, api, { ...LIMITS, ...limits });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return () => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      sockets.push(socket);
      return socket.on('error', () => {});
    };
  };
});

/** Reads from the server until its output matches `pattern` or the connection closes. */
async function read(socket: Socket, pattern: RegExp): Promise<string> {
  let text = '';
  socket.setEncoding('latin1');
  return new Promise((resolve) => {
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (pattern.test(text)) resolve(text);
    });
    socket.on('close', () => resolve(text));
  });
}

function post(path: string, body: string, headers = ''): string {
  return `POST ${path} HTTP/1.1\r\nhost: x\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
}

function echo(): Hono<ApiEnv> {
  return new Hono<ApiEnv>().post('/:n', async (c) =>
    c.json({ n: c.req.param('n'), text: await c.req.text() }),
  );
}

test('every pipelined request has its own answer, in order, however its bytes are split', async ({
  listen,
}) => {
  const open = await listen(echo());
  const bodies = Array.from({ length: 60 }, (_, n) => `${n}`.repeat((n % 7) ** 5));
  const sent = Buffer.from(bodies.map((body, n) => post(`/${n}`, body)).join(''));
  for (const sliceBytes of [1, 700, 65_536, sent.length]) {
    const socket = open();
    const answers = read(socket, /"n":"59"[^}]*\}/);
    const part = sliceBytes === 1 ? sent.subarray(0, 3000) : sent;
    for (let at = 0; at < part.length; at += sliceBytes) {
      socket.write(part.subarray(at, at + sliceBytes));
    }
    if (sliceBytes === 1) socket.write(sent.subarray(3000));
    const found = [...(await answers).matchAll(/\{"n":"(\d+)","text":"(\d*)"\}/g)];
    expect(found.map(([, n, text]) => [n, text])).toEqual(bodies.map((body, n) => [`${n}`, body]));
  }
});

test('one connection is answered one request at a time', async ({ listen }) => {
  let running = 0;
  let most = 0;
  let answered = 0;
  const api = new Hono<ApiEnv>().get('/', async (c) => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    return c.text(`answer ${++answered};`);
  });
  const socket = (await listen(api))();
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(200));
  expect(await read(socket, /answer 200;/)).toContain('answer 200;');
  expect(most).toBe(1);
});

test('forty thousand pipelined requests on twenty connections do not delay other callers', async ({
  listen,
}) => {
  let answered = 0;
  const api = new Hono<ApiEnv>();
  api.get('/flood', (c) => {
    answered++;
    return c.text('x');
  });
  api.get('/health', (c) => c.text(`after ${answered}`));
  const open = await listen(api);
  for (let n = 0; n < 20; n++) {
    open().resume().write('GET /flood HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(2000));
  }
  await vi.waitUntil(() => answered > 100);
  const before = answered;
  const health = open();
  health.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
  const after = Number(/after (\d+)/.exec(await read(health, /after \d+/))?.[1]);
  // Each turn of the event loop answers one request per connection; a new caller waits a few turns.
  expect(after - before).toBeLessThan(2000);
});

test('unread answers are limited in bytes: the oldest one loses its connection', async ({
  listen,
}) => {
  const api = new Hono<ApiEnv>().get('/', (c) => c.text('x'.repeat(LARGE_BYTES)));
  const accepted: Socket[] = [];
  const open = await listen(api, { unreadBytes: 3 * LARGE_BYTES + 1_000_000 }, (socket) => {
    accepted.push(socket);
  });
  for (let n = 0; n < 6; n++) {
    const silent = open();
    silent.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(silent, 'readable');
  }
  expect(accepted.map((socket) => socket.destroyed)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  const reader = open();
  reader.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  let sizeBytes = 0;
  reader.on('data', (chunk: Buffer) => (sizeBytes += chunk.length));
  await once(reader, 'close');
  expect(sizeBytes).toBeGreaterThan(LARGE_BYTES);
});

test.each([
  ['is not read in time', { readingMs: 50 }],
  ['is not read at all', { silenceMs: 50 }],
])('a client whose answer %s loses its connection', async (_, limits) => {
  const api = new Hono<ApiEnv>().get('/', (c) => c.text('x'.repeat(LARGE_BYTES)));
  const server = createApiServer();
  const closed = once(server, 'connection').then(async ([socket]) =>
    once(socket as Socket, 'close'),
  );
  serveRequests(server, api, { ...LIMITS, ...limits });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const silent = connect((server.address() as AddressInfo).port, '127.0.0.1');
  silent.on('error', () => {});
  silent.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await expect(closed).resolves.toBeDefined();
  silent.destroy();
  server.close();
});

test('a slow call does not count as silence of its caller', async ({ listen }) => {
  let isSilent = false;
  const api = new Hono<ApiEnv>().get('/', async (c) => {
    await vi.waitUntil(() => isSilent);
    return c.text('late');
  });
  const open = await listen(api, { silenceMs: 20 }, (accepted) => {
    accepted.once('timeout', () => (isSilent = true));
  });
  const socket = open();
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  expect(await read(socket, /late/)).toContain('late');
});

test('connections of one address beyond its limit are closed, and its earlier ones stay open', async ({
  listen,
}) => {
  const open = await listen(echo(), { connectionsPerAddress: 3 });
  const sockets = [open(), open(), open()];
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const [n, socket] of sockets.entries()) {
    socket.write(post(`/${n}`, ''));
    expect(await read(socket, /"n"/)).toContain(`"n":"${n}"`);
  }
  await once(open().resume(), 'close');
  sockets[0]?.destroy();
  await vi.waitUntil(async () => {
    const next = open();
    next.write(post('/9', ''));
    return (await read(next, /"n"/)).includes('"n":"9"');
  });
});

test.each([
  ['not HTTP', 'nonsense\r\n\r\n', 400, 'not a valid HTTP request'],
  ['too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`, 431, 'larger than 16 KB'],
  [
    'full of headers',
    `GET / HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(200)}\r\n`,
    431,
    '128 headers',
  ],
  ['without a host', 'GET / HTTP/1.0\r\n\r\n', 400, 'not a valid URL'],
  ['with an invalid host', 'GET / HTTP/1.1\r\nhost: a b\r\n\r\n', 400, 'not a valid URL'],
])('a request that is %s is answered in the envelope', async (_, sent, status, message) => {
  const server = createApiServer();
  serveRequests(server, echo(), LIMITS);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(sent);
  const answer = await read(socket, /\}$/);
  socket.destroy();
  server.close();
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  const body: unknown = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
  expect(body).toMatchObject({
    errors: [{ code: 0, message: expect.stringContaining(message) }],
    result: false,
  });
});
