import { NO_PROXIES } from '@runfleet/service';
import { Hono } from 'hono';
import { expect, test } from 'vitest';

import type { ApiEnv } from '../api-context.ts';
import { clientIp } from './client-ip.ts';

test.each([
  [0, '192.0.2.1'],
  [1, '203.0.113.9'],
])('behind %d proxies the caller is %s', async (hops, expected) => {
  const app = new Hono<ApiEnv>().get('/', (c) => c.text(clientIp(c, { ...NO_PROXIES, hops })));
  const headers = { 'x-forwarded-for': '1.1.1.1, 203.0.113.9' };
  const incoming = { socket: { remoteAddress: '192.0.2.1' } };
  const answer = await app.request('/', { headers }, { incoming });
  await expect(answer.text()).resolves.toBe(expected);
});
