/**
 * Requests that are cut off, changed and split at random, sent to a real api and a real gateway.
 * FUZZ_REQUESTS sets how many each gets, FUZZ_SEED repeats a run.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { eventually } from '@runfleet/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { Fleet, MODEL } from './fleet.ts';
import type { RoleProcess } from './role-process.ts';

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 300);
const SEED = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));
const AT_ONCE = 16;
/** A role may keep a socket open for longer; then the client closes it. */
const OPEN_MS = 300;

let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.startWithServers(inject('runFolder'), {
    roles: { broker: 0, worker: 0 },
    // No limit keeps the requests from the code behind it.
    env: {
      API_CALLS_PER_SECOND_PER_ADDRESS: '1000000',
      API_CALLS_PER_SECOND_PER_PROJECT: '1000000',
      GATEWAY_OPENS_PER_MINUTE: '1000000',
      GATEWAY_BAD_TOKENS_PER_MINUTE: '1000000',
    },
  });
}, PATIENCE_MS);

afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
}, PATIENCE_MS);

test(
  `the api survives requests that are cut off or changed (seed ${SEED})`,
  { timeout: PATIENCE_MS },
  async () => {
    const [api] = fleet.api;
    if (!api) throw new Error('There is no api.');
    await fuzz(api, apiRequests(fleet));
    expect((await fetch(`${api.url}/v1/Tool/List`, { method: 'POST' })).status).toBe(200);
  },
);

test(
  `the gateway survives requests and frames that are cut off or changed (seed ${SEED})`,
  { timeout: PATIENCE_MS },
  async () => {
    const [gateway] = fleet.gateway;
    if (!gateway) throw new Error('There is no gateway.');
    const { taskId, token } = await fleet.client().run(MODEL, { prompt: 'Hello' });
    await fuzz(gateway, gatewayRequests(taskId, token));
    await eventually(async () => {
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
      const open = metrics.match(/^runfleet_gateway_(connections|watches).* [1-9]\d*$/gm);
      expect(open).toBeNull();
    });
  },
);

async function fuzz(role: RoleProcess, requests: readonly Buffer[]): Promise<void> {
  const random = randomOf(SEED);
  const { port } = new URL(role.url);
  let left = REQUESTS;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left > 0 && role.isRunning) {
        left -= 1;
        const request = change(pick(requests, random), random);
        // A role that stops refuses connections; what it printed is judged below.
        await send(Number(port), request, random).catch(() => {});
      }
    }),
  );
  expect(role.output).not.toMatch(/uncaught error|Node\.js warning/);
  expect(role.isRunning).toBe(true);
}

/** Sends bytes in two pieces, then waits, half-closes or resets the connection. */
async function send(port: number, bytes: Buffer, random: () => number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  const closed = new Promise((resolve) => void socket.once('close', resolve));
  const at = Math.floor(random() * bytes.length);
  const end = random();
  socket.write(bytes.subarray(0, at));
  await new Promise(setImmediate);
  socket.write(bytes.subarray(at));
  socket.resume();
  if (end < 0.2) socket.resetAndDestroy();
  else if (end < 0.7) socket.end();
  await Promise.race([closed, delay(OPEN_MS, undefined, { ref: false })]);
  socket.destroy();
  await closed;
}

/** Cuts, removes, repeats, flips and inserts bytes. */
function change(request: Buffer, random: () => number): Buffer {
  let bytes = request;
  const at = () => Math.floor(random() * bytes.length);
  for (let changes = Math.floor(random() * 4); changes > 0; changes -= 1) {
    const from = at();
    const to = Math.min(bytes.length, from + Math.floor(random() ** 3 * 200));
    const [head, middle, tail] = [
      bytes.subarray(0, from),
      bytes.subarray(from, to),
      bytes.subarray(to),
    ];
    const flipped = Buffer.from(middle.map((byte) => byte ^ (1 << Math.floor(random() * 8))));
    const inserted = Buffer.from(pick(INSERTED, random), 'latin1');
    bytes = Buffer.concat(
      pick(
        [
          [head],
          [head, tail],
          [head, middle, middle, tail],
          [head, flipped, tail],
          [head, inserted, middle, tail],
        ],
        random,
      ),
    );
  }
  return bytes;
}

const INSERTED = [
  '\r\n',
  '\r\n\r\n',
  '\r\n--x',
  '--x--\r\n',
  '\0',
  '\xff\xfe',
  '{"a":',
  ']'.repeat(100),
  'ffffffff\r\n',
  '0\r\n\r\n',
  'content-length: 5\r\n',
  'transfer-encoding: chunked\r\n',
  'expect: 100-continue\r\n',
  ' HTTP/1.1\r\n',
  '%00',
  '; filename="a"',
];

function apiRequests({ key }: Fleet): Buffer[] {
  const authorization = `authorization: Bearer ${key.apiKey}:${key.apiSecret}\r\n`;
  const form = [
    '--x\r\ncontent-disposition: form-data; name="prompt"\r\n\r\nHello\r\n',
    '--x\r\ncontent-disposition: form-data; name="f"; filename="a"\r\n\r\nhi\r\n--x--\r\n',
  ].join('');
  const run = JSON.stringify({ prompt: 'Hello', max_tokens: 2, stop: ['a'], regex: '[a-z]{1,3}' });
  const chunked = `${run.length.toString(16)}\r\n${run}\r\n0\r\n\r\n`;
  const json = 'content-type: application/json\r\n';
  const multipart = 'content-type: multipart/form-data; boundary=x\r\n';
  const path = `/v1/Run/${MODEL}`;
  return [
    post('/v1/Tool/List', form, multipart),
    post('/v1/Tool/List', form.slice(0, -9), multipart),
    post(path, form, authorization + multipart),
    post(path, run, authorization + json),
    post(path, run, `${authorization + json}expect: 100-continue\r\n`),
    post('/v1/Task/List', '{"limit":"5"}', authorization + json),
    head('POST', path, `${authorization + json}transfer-encoding: chunked\r\n`, chunked),
    post('/v1/Tool/List', gzipSync('{"search":"phi"}'), `${json}content-encoding: gzip\r\n`),
    post('/api/auth/sign-in/email', '{"email":"a@example.org","password":"x"}', json),
    head('GET', `/v1/file/${'a'.repeat(30)}/a.txt`),
    head('GET', '/v1', UPGRADE),
    Buffer.concat([
      head('GET', '/healthz'),
      head('HEAD', '/'),
      post('/v1/Tool/Detail', '{}', json),
    ]),
  ];
}

function gatewayRequests(taskId: string, token: string): Buffer[] {
  const ask = (more: object) =>
    frame(0x81, JSON.stringify({ type: 'task_info', tasktoken: token, ...more }));
  const upgrade = head('GET', '/v1', UPGRADE);
  return [
    Buffer.concat([upgrade, ask({})]),
    Buffer.concat([upgrade, ask({ mode: 'delta', after: 0, billing: true }), frame(0x89, 'ping')]),
    Buffer.concat([upgrade, frame(0x01, '{"type":'), frame(0x80, '"task_info"}'), ask({})]),
    Buffer.concat([upgrade, ask({}), frame(0x88, '\x03\xe8'), ask({})]),
    Buffer.concat([upgrade, frame(0x82, 'binary'), frame(0x8a, ''), frame(0xc1, 'compressed')]),
    head('GET', '/v1/nowhere', UPGRADE),
    head('GET', `/v1/tasks/${taskId}/events?tasktoken=${token}&after=0`),
    head('GET', `/v1/tasks/${taskId}/events?tasktoken=${token}`, 'last-event-id: 1\r\n'),
    Buffer.concat([head('OPTIONS', `/v1/tasks/${taskId}/events`), head('GET', '/metrics')]),
    post('/v1', '{"type":"task_info"}', 'content-type: application/json\r\n'),
  ];
}

const UPGRADE =
  'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
  `sec-websocket-key: ${randomBytes(16).toString('base64')}\r\n`;

function post(path: string, body: string | Buffer, headers = ''): Buffer {
  return head('POST', path, `${headers}content-length: ${body.length}\r\n`, body);
}

function head(method: string, path: string, headers = '', body: string | Buffer = ''): Buffer {
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`),
    Buffer.from(body),
  ]);
}

/** A masked frame of at most 125 bytes, or of a longer text with its length in two bytes. */
function frame(first: number, text: string): Buffer {
  const payload = Buffer.from(text, 'latin1');
  const long = Buffer.alloc(2);
  long.writeUInt16BE(payload.length);
  const length =
    payload.length < 126 ? Buffer.from([0x80 | payload.length]) : Buffer.from([0xfe, ...long]);
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.from([first]), length, Buffer.alloc(4), payload]);
}

function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)] as T;
}

/** Mulberry32: numbers from 0 to 1 that a seed repeats. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
