import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test } from 'vitest';

import { createHealth } from './health.ts';
import { createMetrics } from './metrics.ts';
import { StopNotice } from './stop-notice.ts';

test('during the notice /readyz answers 503, calls are answered, and connections end', async () => {
  const health = createHealth({ checks: {}, metrics: createMetrics({ role: 'test' }) });
  const server = createServer((_request, response) => response.end('served'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async () => {
    const [answer] = (await once(get({ port, host: '127.0.0.1', agent }), 'response')) as [
      IncomingMessage,
    ];
    const text = await answer.toArray();
    return { text: text.join(''), connection: answer.headers.connection };
  };
  try {
    expect(await ask()).toEqual({ text: 'served', connection: 'keep-alive' });
    expect(await health.respond('/readyz')).toMatchObject({ status: 200 });

    const notice = new StopNotice(server, { health, noticeMs: 100 });
    const givenAt = performance.now();
    const given = notice.give();
    expect(notice.give()).toBe(given);
    expect(await health.respond('/readyz')).toMatchObject({
      status: 503,
      body: expect.stringContaining('stopping'),
    });
    expect(await ask()).toEqual({ text: 'served', connection: 'close' });
    expect(await health.respond('/healthz')).toMatchObject({ status: 200 });
    await given;
    expect(performance.now() - givenAt).toBeGreaterThanOrEqual(99);
  } finally {
    agent.destroy();
    server.close();
  }
});
