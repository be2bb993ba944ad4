import { once } from 'node:events';
import { createServer } from 'node:net';

import { expect, test } from 'vitest';

import { freePort } from './free-port.ts';

test('if the port is taken, the next free one is used', async () => {
  const holder = createServer().listen(await freePort(20_000), '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  const taken = typeof address === 'object' && address ? address.port : 0;

  expect(await freePort(taken)).toBeGreaterThan(taken);

  holder.close();
  await once(holder, 'close');
  expect(await freePort(taken)).toBe(taken);
});

test('without a preference, any free port is used', async () => {
  expect(await freePort(0)).toBeGreaterThan(0);
});
