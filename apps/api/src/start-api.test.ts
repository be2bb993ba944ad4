import { access, mkdir, utimes, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';

import { createLogger } from '@runfleet/service';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import { apiConfig } from './api-config.ts';
import { startApi } from './start-api.ts';
import { RUN, testWithApi } from './testing.ts';

const logger = createLogger({ role: 'api', level: 'silent' });

const test = testWithApi
  .extend('config', ({ databaseUrl, redisUrl, folder }) =>
    apiConfig.parse({
      STOP_NOTICE_SECONDS: '0',
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      API_PORT: '0',
      MASTER_KEY: 'ab'.repeat(32),
      STORAGE_DIR: join(folder, 'storage'),
      BODY_LIMIT_BYTES: '100000',
    }),
  )
  .extend('url', async ({ config }, { onCleanup }) => {
    const api = await startApi(config, { logger });
    onCleanup(() => api[Symbol.asyncDispose]());
    return api.url;
  });

function keyOf(tenant: { apiKey: string; apiSecret: string | null }) {
  return { authorization: `Bearer ${tenant.apiKey}:${tenant.apiSecret}` };
}

test("a Run over HTTP is accepted, and the caller's address is checked", async ({
  url,
  tenant,
  db,
}) => {
  const init = { method: 'POST', headers: keyOf(tenant), body: '{"prompt":"Hello"}' };
  await expect((await fetch(`${url}${RUN}`, init)).json()).resolves.toMatchObject({ result: true });

  await db.sql`
    update projects set auth_type = 'apikey', allowed_ips = '{198.51.100.1}', key_hash = sha256('other')`;
  const headers = { 'x-api-key': 'other' };
  const refused = await fetch(`${url}${RUN}`, { method: 'POST', headers });
  expect(refused.status).toBe(401);
  await expect(refused.json()).resolves.toMatchObject({
    errors: [{ message: 'Requested ip 127.0.0.1 is not allowed.' }],
  });
});

test('a start removes what a dead process left of an upload', async ({ config }) => {
  const left = join(config.STORAGE_DIR, '.incoming/left');
  await mkdir(join(config.STORAGE_DIR, '.incoming'), { recursive: true });
  await writeFile(left, 'half a file');
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  await utimes(left, twoDaysAgo, twoDaysAgo);

  await using _api = await startApi(config, { logger });
  await eventually(() => expect(access(left)).rejects.toThrow('ENOENT'));
});

test('many Runs at once are all accepted, each with its own task', async ({ url, tenant }) => {
  const init = { method: 'POST', headers: keyOf(tenant), body: '{"prompt":"Hello"}' };
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const answer = await fetch(`${url}${RUN}`, init);
      return (await answer.json()) as { taskid: string };
    }),
  );
  expect(new Set(answers.map((answer) => answer.taskid)).size).toBe(50);
});

test('a body whose content-length is too large is refused before it is sent', async ({
  url,
  tenant,
}) => {
  const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpRequest(`${url}${RUN}`, {
      method: 'POST',
      headers: { ...keyOf(tenant), 'content-length': 2_000_000 },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.flushHeaders();
  });
  expect(answer.status).toBe(413);
  expect(JSON.parse(answer.text)).toMatchObject({ errors: [{ code: 0 }], result: false });
});

test('a client that expects 100-continue gets it, or is refused without its body', async ({
  url,
  tenant,
}) => {
  const body = '{"prompt":"Hello"}';
  const ask = async (headers: Record<string, string>, sizeBytes: number) => {
    let isContinued = false;
    const request = httpRequest(`${url}${RUN}`, {
      method: 'POST',
      headers: { ...headers, expect: '100-continue', 'content-length': sizeBytes },
    });
    request.on('continue', () => {
      isContinued = true;
      request.end(body);
    });
    // The server closes the connection when it has refused a body that was not sent.
    request.on('error', () => {});
    const status = await new Promise<number | undefined>((resolve) => {
      request.on('response', (response) => resolve(response.resume().statusCode));
      request.flushHeaders();
    });
    request.destroy();
    return { status, isContinued };
  };
  expect(await ask(keyOf(tenant), body.length)).toEqual({ status: 200, isContinued: true });
  expect(await ask({ 'x-api-key': 'unknown' }, 90_000)).toEqual({
    status: 401,
    isContinued: false,
  });
  expect(await ask(keyOf(tenant), 2_000_000)).toEqual({ status: 413, isContinued: false });
});

test('an endless chunked body is refused at the limit', async ({ url, tenant, db }) => {
  const { hostname, port } = new URL(url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    let text = '';
    let sentBytes = 0;
    const send = () => {
      while (text === '' && sentBytes < 50_000_000) {
        sentBytes += chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.setEncoding('utf8');
    // The server may close the connection while we still write.
    socket.on('error', () => {});
    socket.on('data', (data: string) => (text += data));
    socket.on('drain', send);
    socket.on('close', () => (text === '' ? reject(new Error('no answer')) : resolve(text)));
    socket.write(
      `POST ${RUN} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: ${keyOf(tenant).authorization}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    send();
  });
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer).toContain('"result":false');
  await expect(db.sql`select 1 from tasks`).resolves.toHaveLength(0);
});

test('a stopped api has answered every Run that it accepted', async ({ config, tenant, db }) => {
  const api = await startApi(config, { logger });
  const init = { method: 'POST', headers: keyOf(tenant), body: '{"prompt":"Hello"}' };
  const run = async () => (await fetch(`${api.url}${RUN}`, init)).json();
  const running = Array.from({ length: 10 }, run);
  // The first answer shows that the other Runs are in progress, too.
  await Promise.race(running);
  await api[Symbol.asyncDispose]();
  const answers = await Promise.allSettled(running);
  const accepted = answers.filter((answer) => answer.status === 'fulfilled');
  await expect(db.sql`select 1 from tasks`).resolves.toHaveLength(accepted.length);
  await expect(fetch(`${api.url}/healthz`)).rejects.toThrow('fetch failed');
});

test('a client that disconnects ends its wait, and not the task', async ({ url, tenant, db }) => {
  const openWaits = async () =>
    /^runfleet_api_open_waits\S* (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
  for (const query of ['?stream=true', '']) {
    const leaving = new AbortController();
    const init = { method: 'POST', headers: keyOf(tenant), body: '{"prompt":"Hello"}' };
    const call = fetch(`${url}${RUN}/sync${query}`, { ...init, signal: leaving.signal });
    const ended = call.then((response) => response.text()).catch(() => 'left');
    await eventually(async () => expect(await openWaits()).toBe('1'));
    leaving.abort();
    expect(await ended).toBe('left');
    await eventually(async () => expect(await openWaits()).toBe('0'));
  }
  // The second client may have left while its task was created.
  await eventually(async () => {
    const rows = await db.sql`select status from tasks`;
    expect(rows.map(({ status }) => status as string)).toEqual(['task_queue', 'task_queue']);
  });
});

test('a restart costs a waiting client one retry with its key, which gets the same task', async ({
  config,
  tenant,
  db,
}) => {
  const keys = Array.from({ length: 20 }, (_, index) => `order-${index}`);
  const call = async (url: string, key: string, path: string) => {
    const headers = { ...keyOf(tenant), 'idempotency-key': key };
    const init = { method: 'POST', headers, body: '{"prompt":"Hello"}' };
    const response = await fetch(`${url}${path}`, init);
    return { status: response.status, body: (await response.json()) as { taskid: string } };
  };
  const api = await startApi(config, { logger });
  const port = Number(new URL(api.url).port);
  const waiting = keys.map((key) => call(api.url, key, `${RUN}/sync`));
  await eventually(async () => expect(await db.sql`select 1 from tasks`).toHaveLength(keys.length));
  await api[Symbol.asyncDispose]();
  const cut = await Promise.all(waiting);
  expect(cut.map(({ status }) => status)).toEqual(keys.map(() => 503));

  await using again = await startApi({ ...config, API_PORT: port }, { logger });
  const repeats = keys.map((key) => call(again.url, key, `${RUN}/sync`));
  // Run with the same key names the task that the repeated wait has joined.
  const known = await Promise.all(keys.map((key) => call(again.url, key, RUN)));
  expect(known.map(({ body }) => body.taskid)).toEqual(cut.map(({ body }) => body.taskid));
  await db.sql`update tasks set status = 'task_cancel', seq = seq + 1, cancelled_at = now()`;
  const ended = (await Promise.all(repeats)) as unknown as {
    body: { tasklist: { id: string; status: string }[] };
  }[];
  expect(ended.map(({ body }) => body.tasklist[0])).toMatchObject(
    cut.map(({ body }) => ({ id: body.taskid, status: 'task_cancel' })),
  );
  await expect(db.sql`select 1 from tasks`).resolves.toHaveLength(keys.length);
});

test('the error for a taken port names the next step', async ({ config }) => {
  const taken: Server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  await expect(startApi({ ...config, API_PORT: port }, { logger })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is taken`,
  );
  taken.close();
});

test('every setting has a description', () => {
  for (const [name, field] of Object.entries(apiConfig.shape)) {
    expect({ name, description: field.description }).toEqual({
      name,
      description: expect.stringMatching(/.{10}/),
    });
  }
});
