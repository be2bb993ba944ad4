import fc from 'fast-check';
import { expect, test } from 'vitest';

import { clientAddress } from './client-address.ts';
import { NO_PROXIES, parseNetworks, type TrustedProxies } from './trusted-proxies.ts';

const hops = (count: number): TrustedProxies => ({ ...NO_PROXIES, hops: count });
const within = (networks: string): TrustedProxies => ({
  ...NO_PROXIES,
  networks: parseNetworks(networks),
});
const standard = (trust: TrustedProxies): TrustedProxies => ({ ...trust, header: 'forwarded' });

test.each<[string, TrustedProxies, string | undefined, string | undefined, string]>([
  ['the socket', hops(0), '192.0.2.1', undefined, '192.0.2.1'],
  ['the socket, whatever a client claims', hops(0), '192.0.2.1', '1.1.1.1', '192.0.2.1'],
  ['an IPv4 caller of an IPv6 socket', hops(0), '::ffff:192.0.2.1', undefined, '192.0.2.1'],
  ['unknown without a socket', hops(0), undefined, undefined, ''],
  ['what our proxy saw', hops(1), '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['what it saw, not what was claimed', hops(1), '10.0.0.1', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
  [
    'what the outer of two proxies saw',
    hops(2),
    '10.0.0.1',
    '1.1.1.1,203.0.113.9, 10.0.0.2',
    '203.0.113.9',
  ],
  ['the proxy, if it adds nothing', hops(1), '10.0.0.1', undefined, '10.0.0.1'],
  ['the proxy, if it adds no address', hops(1), '10.0.0.1', 'unknown', '10.0.0.1'],
  ['with a port', hops(1), '10.0.0.1', '203.0.113.9:50412', '203.0.113.9'],
  ['IPv6', hops(1), '10.0.0.1', '2001:db8::1', '2001:db8::1'],
  ['IPv6 in another way of writing', hops(1), '10.0.0.1', '2001:DB8:0:0::0:1', '2001:db8::1'],
  ['IPv6 in brackets', hops(1), '10.0.0.1', '[2001:db8::1]', '2001:db8::1'],
  [
    'IPv6 in brackets with a port',
    hops(1),
    '10.0.0.1',
    '1.1.1.1, [2001:db8::1]:4711',
    '2001:db8::1',
  ],
  ['IPv6 with a zone', hops(1), '10.0.0.1', 'fe80::1%eth0', 'fe80::1'],
  ['IPv4 as IPv6', hops(1), '10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['IPv4 as IPv6 in hex, with a port', hops(1), '10.0.0.1', '[::FFFF:cb00:7109]:1', '203.0.113.9'],
  [
    'Forwarded',
    standard(hops(1)),
    '10.0.0.1',
    'for=203.0.113.9;proto=https;by=10.0.0.1',
    '203.0.113.9',
  ],
  [
    'Forwarded, quoted',
    standard(hops(1)),
    '10.0.0.1',
    'for=1.1.1.1, Proto=https; For="[2001:db8::1]:4711"',
    '2001:db8::1',
  ],
  ['Forwarded, obfuscated', standard(hops(1)), '10.0.0.1', 'for=_hidden', '10.0.0.1'],
  [
    'the first address that is not one of our proxies',
    within('10.0.0.0/8'),
    '10.0.0.1',
    '1.1.1.1, 203.0.113.9, 10.0.0.2',
    '203.0.113.9',
  ],
  [
    'a socket that is not one of our proxies',
    within('10.0.0.0/8'),
    '203.0.113.9',
    '1.1.1.1',
    '203.0.113.9',
  ],
  [
    'proxies of both families',
    within('2001:db8::/32, 192.0.2.1'),
    '::ffff:192.0.2.1',
    '203.0.113.9, 2001:db8::2',
    '203.0.113.9',
  ],
  [
    'the outermost proxy, if all are ours',
    within('10.0.0.0/8'),
    '10.0.0.1',
    '10.0.0.3, 10.0.0.2',
    '10.0.0.3',
  ],
  [
    'the last proxy that reports an address',
    within('10.0.0.0/8'),
    '10.0.0.1',
    '1.1.1.1, unknown, 10.0.0.2',
    '10.0.0.2',
  ],
])('the caller is %s', (_, trust, socketAddress, forwarded, expected) => {
  expect(clientAddress({ socketAddress, forwarded }, trust)).toBe(expected);
});

test('entries that a client writes further left change nothing', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(hops(1), within('10.0.0.0/8')), (claimed, trust) => {
      const forwarded = `${claimed}, 203.0.113.9`;
      expect(clientAddress({ socketAddress: '10.0.0.1', forwarded }, trust)).toBe('203.0.113.9');
    }),
  );
});

test.each(['10.0.0.0/33', 'somewhere', '10.0.0.0/8/8', '::/129', '10.0.0.0/', '10.0.0.0/-1'])(
  '%s is not a network',
  (text) => {
    expect(() => parseNetworks(text)).toThrow('neither an address nor a network');
  },
);
