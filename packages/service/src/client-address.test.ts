import { expect, test } from 'vitest';

import { clientAddress } from './client-address.ts';

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
  ['the proxy, if it adds nothing', 1, '10.0.0.1', undefined, '10.0.0.1'],
  ['the proxy, if it adds no address', 1, '10.0.0.1', 'unknown', '10.0.0.1'],
])('the caller is %s', (_, hops, socketAddress, forwardedFor, expected) => {
  expect(clientAddress({ socketAddress, forwardedFor }, hops)).toBe(expected);
});
