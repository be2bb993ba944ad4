import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test } from 'vitest';

import { RunfleetClient } from './runfleet-client.ts';

test('a wait that a restart cuts is repeated with its key, and returns the ended task', async () => {
  const keys: unknown[] = [];
  const server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key']);
    expect(request.url).toBe('/v1/Run/microsoft/Phi-3.5-mini-instruct/sync');
    if (keys.length === 1) return void request.socket.destroy();
    const isStopping = keys.length === 2;
    const errors = isStopping ? [{ code: 0, message: 'This server stops.' }] : [];
    const tasklist = [{ id: '7', status: 'task_postprocess_end' }];
    response.writeHead(isStopping ? 503 : 200);
    response.end(JSON.stringify({ errors, tasklist, result: !isStopping }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new RunfleetClient({ apiUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'key' });

  const task = await client.runSync('microsoft/Phi-3.5-mini-instruct', { prompt: 'Hi' });

  expect(task).toMatchObject({ id: '7' });
  expect(new Set(keys).size).toBe(1);
  expect(keys).toHaveLength(3);
  server.close();
});
