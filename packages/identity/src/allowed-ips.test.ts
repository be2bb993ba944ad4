import { expect, test } from 'vitest';

import { isIpAllowed, parseAllowedIps } from './allowed-ips.ts';

test.each([
  ['no list', null, '203.0.113.9', true],
  ['a star', ['*'], '203.0.113.9', true],
  ['the address itself', ['203.0.113.9'], '203.0.113.9', true],
  ['another address', ['203.0.113.8'], '203.0.113.9', false],
  ['an IPv4 caller on an IPv6 socket', ['203.0.113.9'], '::ffff:203.0.113.9', true],
  ['a network', ['203.0.113.0/24'], '203.0.113.9', true],
  ['a network it is not in', ['203.0.112.0/24'], '203.0.113.9', false],
  ['an IPv6 network', ['2001:db8::/32'], '2001:db8:1::1', true],
  ['one of several', ['10.0.0.1', ' 203.0.113.9 '], '203.0.113.9', true],
  ['an empty list', [], '203.0.113.9', false],
  ['a broken entry', ['203.0.113.0/99'], '203.0.113.9', false],
  ['a host name', ['example.org'], '203.0.113.9', false],
  ['an unknown caller', ['203.0.113.9'], '', false],
])('%s decides: %j for %s is %s', (_, entries, ip, allowed) => {
  expect(isIpAllowed(ip, parseAllowedIps(entries))).toBe(allowed);
});
