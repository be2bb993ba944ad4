import { Hono } from 'hono';
import { expect, test } from 'vitest';

import type { ApiEnv } from '../api-context.ts';
import { clientIp } from './client-ip.ts';

test.each([
  ['the socket', 0, '192.0.2.1', undefined, '192.0.2.1'],
  ['the socket, whatever a client claims', 0, '192.0.2.1', '1.1.1.1', '192.0.2.1'],
  ['an IPv4 caller of an IPv6 socket', 0, '::ffff:192.0.2.1', undefined, '192.0.2.1'],
  ['what our proxy saw', 1, '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  [
    'what our proxy saw, not what was claimed',
    1,
    '10.0.0.1',
    '1.1.1.1, 203.0.113.9',
    '203.0.113.9',
  ],
  ['what the outer of two saw', 2, '10.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['the proxy, if it says nothing', 1, '10.0.0.1', undefined, '10.0.0.1'],
  ['the proxy, if it says nonsense', 1, '10.0.0.1', 'unknown', '10.0.0.1'],
])('the caller is %s', async (_, hops, remoteAddress, forwarded, expected) => {
  const app = new Hono<ApiEnv>().get('/', (c) => c.text(clientIp(c, hops)));
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const answer = await app.request('/', { headers }, { incoming: { socket: { remoteAddress } } });
  await expect(answer.text()).resolves.toBe(expected);
});
