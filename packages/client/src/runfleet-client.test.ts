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
  test('a Run is signed and gives the task and its token', async () => {
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

  test('a key without a secret is sent alone, and without a key nothing is', async () => {
    await using server = await serve(() => ({ body: { total: '0', tasklist: [] } }));

    await new RunfleetClient({ apiUrl: server.url, apiKey: 'key' }).list();
    await new RunfleetClient({ apiUrl: server.url, projectId: '3' }).list();

    const [keyed, session] = server.calls;
    expect(keyed?.headers).toMatchObject({ 'x-api-key': 'key' });
    expect(keyed?.headers).not.toHaveProperty('x-signature');
    expect(session?.headers).toMatchObject({ 'x-project-id': '3' });
    expect(session?.headers).not.toHaveProperty('x-api-key');
  });

  test('each verb asks its path with strings', async () => {
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
      ['/v1/Tool/List', { start: '0', limit: '20', search: 'phi' }],
      ['/v1/Tool/Detail', { slugowner: 'a', slugproject: 'b' }],
    ]);
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

  test('a page that is no envelope is named as such', async () => {
    await using server = await serve(() => ({ status: 502, text: '<html>Bad gateway</html>' }));
    const client = new RunfleetClient({ apiUrl: server.url });

    await expect(client.tools()).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining('answered 502 without a Runfleet envelope') as string,
    });
  });

  test('a server that is not there is named', async () => {
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
type Answer = { status?: number; body?: Record<string, unknown>; text?: string };

async function serve(answer: () => Answer) {
  const calls: Call[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void readBody(request).then((body) => {
      calls.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(body) });
      const { status = 200, body: fields, text } = answer();
      response.writeHead(status, { 'x-request-id': 'request-1' });
      response.end(text ?? JSON.stringify({ result: true, errors: [], ...fields }));
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
