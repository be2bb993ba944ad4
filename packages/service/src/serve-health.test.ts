import { expect, test } from 'vitest';

import { createHealth } from './health.ts';
import { createMetrics } from './metrics.ts';
import { serveHealth } from './serve-health.ts';

const health = createHealth({ checks: {}, metrics: createMetrics({ role: 'broker' }) });
const place = { host: '127.0.0.1', port: 0, health };

test.each([
  ['GET', '/healthz', 200],
  ['HEAD', '/healthz', 200],
  ['GET', '/readyz?verbose', 200],
  ['GET', '/metrics', 200],
  ['GET', '/', 404],
  ['POST', '/healthz', 405],
])('%s %s is answered %i', async (method, path, status) => {
  await using server = await serveHealth(place);
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });

  expect(response.status).toBe(status);
});

test('a taken port is reported with its address', async () => {
  await using server = await serveHealth(place);

  await expect(serveHealth({ ...place, port: server.port })).rejects.toThrow(
    `Health cannot be served on 127.0.0.1:${server.port}; choose another port.`,
  );
});

test('after disposal nothing listens', async () => {
  const server = await serveHealth(place);
  await fetch(`http://127.0.0.1:${server.port}/healthz`);
  await server[Symbol.asyncDispose]();

  await expect(fetch(`http://127.0.0.1:${server.port}/healthz`)).rejects.toThrow('fetch failed');
});
