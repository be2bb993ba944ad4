import { once } from 'node:events';
import { createServer } from 'node:net';

import { describe, expect, test } from 'vitest';

import { checkRedis } from './check-redis.ts';
import { freePort } from './free-port.ts';

const INFO = { redis_version: '7.2.4', maxmemory_policy: 'noeviction' };

describe('a given server is refused', () => {
  test.for([
    [
      'when it is too old',
      bulk({ ...INFO, redis_version: '6.2.14' }),
      'Redis 6.2.14; 7.0 or newer is needed',
    ],
    [
      'when it may evict keys',
      bulk({ ...INFO, maxmemory_policy: 'allkeys-lru' }),
      'config set maxmemory-policy noeviction',
    ],
    ['when it requires a password', '-NOAUTH Authentication required.\r\n', 'NOAUTH'],
    [
      'when it is something else',
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      'the server that answers is not Redis',
    ],
  ] as const)('%s', async ([, answer, reason]) => {
    await using server = await answering(answer);
    await expect(checkRedis(server.url)).rejects.toThrow(reason);
  });

  test('when nothing answers, and the message hides the password', async () => {
    const url = `redis://user:secret@127.0.0.1:${await freePort(0)}`;
    await expect(checkRedis(url)).rejects.toThrow(/at redis:\/\/user@127.*ECONNREFUSED/);
  });

  test('when its URL is invalid', async () => {
    await expect(checkRedis('localhost:6379')).rejects.toThrow('REDIS_URL is not a URL');
  });
});

test('a suitable given server is used unchanged', async () => {
  await using server = await answering(bulk(INFO));
  const checked = await checkRedis(server.url);
  expect(checked.url).toBe(server.url);
  expect(checked.how).toContain('Redis 7.2.4');
});

/** A server that sends every client one answer, a byte at a time. */
async function answering(answer: string): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    for (const byte of answer) socket.write(byte);
  });
  const port = await freePort(0);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

function bulk(info: Record<string, string>): string {
  const text = Object.entries(info)
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('');
  return `$${text.length}\r\n${text}\r\n`;
}
