import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, test } from 'vitest';

import { RunfleetClient } from './runfleet-client.ts';
import { signRequest } from './sign-request.ts';

describe('signature', () => {
  test.each([
    [
      'test-api-key',
      'test-secret',
      '1700000000000',
      '2d99fa1b6934f66a712785d1b402997e1b13d9d7cd5e0085211dac133ae4a8ef',
    ],
    [
      'api',
      'secret',
      'nonce-1',
      'd453af9a65c4ddd1ff17d5b03d3224b906899f3445dc4b4aadb5580260c60586',
    ],
  ])('the vector of %s is met', async (apiKey, apiSecret, nonce, signature) => {
    expect(await signRequest({ apiKey, apiSecret }, nonce)).toEqual({
      'x-api-key': apiKey,
      'x-nonce': nonce,
      'x-signature': signature,
    });
  });
});

describe('calls', () => {
  test('a Run is signed and returns the task and its token', async () => {
    await using server = await serve(() => ({ body: { taskid: '7', socketaccesstoken: 'tok' } }));
    const client = new RunfleetClient({ apiUrl: server.url, apiKey: 'key', apiSecret: 'secret' });

    const task = await client.run('microsoft/Phi-3.5-mini-instruct', { prompt: 'Hi' });

    expect(task).toEqual({ taskId: '7', token: 'tok' });
    const [call] = server.calls;
    expect(call?.path).toBe('/v1/Run/microsoft/Phi-3.5-mini-instruct');
    expect(call?.body).toEqual({ prompt: 'Hi' });
    const nonce = String(call?.headers['x-nonce']);
    expect(call?.headers).toMatchObject(
      await signRequest({ apiKey: 'key', apiSecret: 'secret' }, nonce),
    );
  });

  test('a key without a secret is sent unsigned, and without a key no credentials are sent', async () => {
    await using server = await serve(() => ({ body: { total: '0', tasklist: [] } }));

    await new RunfleetClient({ apiUrl: server.url, apiKey: 'key' }).list();
    await new RunfleetClient({ apiUrl: server.url, projectId: '3' }).list();

    const [keyed, session] = server.calls;
    expect(keyed?.headers).toMatchObject({ 'x-api-key': 'key' });
    expect(keyed?.headers).not.toHaveProperty('x-signature');
    expect(session?.headers).toMatchObject({ 'x-project-id': '3' });
    expect(session?.headers).not.toHaveProperty('x-api-key');
  });

  test('each verb calls its path with strings', async () => {
    const tool = { title: 'Phi' };
    await using server = await serve(() => ({
      body: { total: '1', tasklist: [{ id: '7' }], tool: [tool] },
    }));
    const client = new RunfleetClient({ apiUrl: `${server.url}/`, apiKey: 'key' });

    expect(await client.detail({ taskId: '7' })).toEqual({ id: '7' });
    await client.cancel({ token: 'tok' });
    await client.kill({ taskId: '7' });
    expect(await client.list({ start: 20, model: 'a/b' })).toEqual({
      total: 1,
      tasks: [{ id: '7' }],
    });
    await client.summaries({ status: 'failed', project: '3', from: 1, to: 2 });
    expect(await client.tools({ search: 'phi' })).toEqual({ total: 1, tools: [tool] });
    expect(await client.tool('a/b')).toEqual(tool);

    expect(server.calls.map(({ path, body }) => [path, body])).toEqual([
      ['/v1/Task/Detail', { taskid: '7' }],
      ['/v1/Task/Cancel', { tasktoken: 'tok' }],
      ['/v1/Task/Kill', { taskid: '7' }],
      [
        '/v1/Task/List',
        { type: 'model', sort: 'id', order: 'DESC', start: '20', limit: '20', modelName: 'a/b' },
      ],
      [
        '/v1/Task/List',
        {
          type: 'model',
          sort: 'id',
          order: 'DESC',
          start: '0',
          limit: '20',
          summary: true,
          status: 'failed',
          projectid: '3',
          from: 1,
          to: 2,
        },
      ],
      ['/v1/Tool/List', { start: '0', limit: '20', search: 'phi' }],
      ['/v1/Tool/Detail', { slugowner: 'a', slugproject: 'b' }],
    ]);
  });
});

describe('a Run', () => {
  const body = { taskid: '7', socketaccesstoken: 'tok' };

  test('has its options in headers', async () => {
    await using server = await serve(() => ({ body }));
    const client = new RunfleetClient({ apiUrl: server.url, apiKey: 'key' });

    await client.run(
      'a/b',
      { prompt: 'Hi' },
      {
        idempotencyKey: 'order-7',
        fairnessKey: 'user-1',
        priority: 0,
        startTimeoutSeconds: 30,
        requires: { gpu: 'H100', zone: 'a' },
        session: 'chat-7',
      },
    );

    const [call] = server.calls;
    expect(call?.body).toEqual({ prompt: 'Hi' });
    expect(call?.headers).toMatchObject({
      'idempotency-key': 'order-7',
      'x-runfleet-fairness-key': 'user-1',
      'x-runfleet-priority': '0',
      'x-runfleet-start-timeout': '30',
      'x-runfleet-requires': 'gpu=H100, zone=a',
      'x-runfleet-session': 'chat-7',
    });
  });

  test('has no headers for missing options, except a new key for each call', async () => {
    await using server = await serve(() => ({ body }));
    const client = new RunfleetClient({ apiUrl: server.url, apiKey: 'key' });

    await client.run('a/b', {});
    await client.run('a/b', {});

    const keys = server.calls.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([
      expect.stringMatching(/^[\da-f]{32}$/),
      expect.stringMatching(/^[\da-f]{32}$/),
    ]);
    expect(new Set(keys).size).toBe(2);
    expect(Object.keys(server.calls[0]?.headers ?? {}).join()).not.toContain('x-runfleet');
  });

  test.each<[string, Answer]>([
    ['the connection is lost before the answer', { cutAfterBytes: 0 }],
    ['the connection is lost in the middle of the answer', { body, cutAfterBytes: 20 }],
    ['a proxy cannot reach the server', { status: 502, text: '<html>Bad gateway</html>' }],
    [
      'the database is away',
      { status: 503, body: { result: false, errors: [{ code: 0, message: 'away' }] } },
    ],
  ])('is repeated under its key where %s', async (_, lost) => {
    let calls = 0;
    await using server = await serve(() => (++calls < 3 ? lost : { body }));
    const client = new RunfleetClient({ apiUrl: server.url, apiKey: 'key', apiSecret: 'secret' });

    expect(await client.run('a/b', { prompt: 'Hi' })).toEqual({ taskId: '7', token: 'tok' });

    expect(server.calls).toHaveLength(3);
    expect(new Set(server.calls.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(server.calls.map((call) => call.body)).toEqual(Array(3).fill({ prompt: 'Hi' }));
  });

  test('is repeated with its key if there is no answer', async () => {
    let calls = 0;
    await using server = await serve(() => (++calls === 1 ? { isSilent: true } : { body }));
    const client = new RunfleetClient({ apiUrl: server.url, apiKey: 'key', answerTimeoutMs: 200 });

    expect(await client.run('a/b', {})).toEqual({ taskId: '7', token: 'tok' });
    expect(server.calls).toHaveLength(2);
    expect(new Set(server.calls.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  test.each([
    [200, 97],
    [401, 0],
    [500, 0],
  ])('that was refused with HTTP %i and code %i is not repeated', async (status, code) => {
    const error = { code, message: 'no' };
    await using server = await serve(() => ({ status, body: { result: false, errors: [error] } }));
    const client = new RunfleetClient({ apiUrl: server.url, apiKey: 'key' });

    await expect(client.run('a/b', {})).rejects.toMatchObject({ status, code });
    expect(server.calls).toHaveLength(1);
  });

  test('is no longer repeated after its caller aborted', async () => {
    const stopping = new AbortController();
    await using server = await serve(() => {
      stopping.abort(new Error('enough'));
      return { cutAfterBytes: 0 };
    });
    const client = new RunfleetClient({ apiUrl: server.url, apiKey: 'key' });

    await expect(client.run('a/b', {}, { signal: stopping.signal })).rejects.toThrow('enough');
    expect(server.calls).toHaveLength(1);
  });

  test('other calls are not repeated', async () => {
    await using server = await serve(() => ({ cutAfterBytes: 0 }));
    const client = new RunfleetClient({ apiUrl: server.url, apiKey: 'key' });

    await expect(client.kill({ taskId: '7' })).rejects.toThrow('cannot be reached');
    expect(server.calls).toHaveLength(1);
  });
});

describe('refusals', () => {
  test.each([
    [200, { code: 97, message: 'Insufficient balance' }],
    [401, { code: 0, message: 'Project authorization is not valid.' }],
  ])('an envelope with HTTP %i becomes an error with code and words', async (status, error) => {
    await using server = await serve(() => ({ status, body: { result: false, errors: [error] } }));
    const client = new RunfleetClient({ apiUrl: server.url, apiKey: 'key' });

    await expect(client.detail({ taskId: '7' })).rejects.toMatchObject({
      ...error,
      name: 'RunfleetApiError',
      status,
      requestId: 'request-1',
    });
  });

  test('an answer without an envelope is an error', async () => {
    await using server = await serve(() => ({ status: 502, text: '<html>Bad gateway</html>' }));
    const client = new RunfleetClient({ apiUrl: server.url });

    await expect(client.tools()).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining('answered 502 without a Runfleet envelope') as string,
    });
  });

  test('an unreachable server is an error with its URL', async () => {
    const client = new RunfleetClient({ apiUrl: 'http://127.0.0.1:1/v1' });

    await expect(client.tools()).rejects.toMatchObject({
      name: 'RunfleetConnectionError',
      message: expect.stringContaining('127.0.0.1:1') as string,
    });
  });

  test('an aborted call rejects with the reason of the abort', async () => {
    const client = new RunfleetClient({ apiUrl: 'http://127.0.0.1:1/v1' });
    const reason = new Error('changed my mind');

    await expect(client.run('a/b', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

type Call = { path: string; headers: IncomingMessage['headers']; body: unknown };
type Answer = {
  status?: number;
  body?: Record<string, unknown>;
  text?: string;
  /** The connection closes after this part of the answer. */
  cutAfterBytes?: number;
  isSilent?: boolean;
};

async function serve(answer: () => Answer) {
  const calls: Call[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void readBody(request).then((body) => {
      calls.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(body) });
      const { status = 200, body: fields, text, cutAfterBytes, isSilent } = answer();
      if (isSilent === true) return;
      const whole = text ?? JSON.stringify({ result: true, errors: [], ...fields });
      if (cutAfterBytes === 0) return void response.destroy();
      response.writeHead(status, {
        'x-request-id': 'request-1',
        'content-length': Buffer.byteLength(whole),
      });
      if (cutAfterBytes === undefined) return void response.end(whole);
      response.write(whole.slice(0, cutAfterBytes), () => response.destroy());
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
