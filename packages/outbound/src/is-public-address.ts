import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** What is not the public internet: IANA's registry of special IPv4 networks. */
const SPECIAL_IPV4 = {
  '0.0.0.0/8': 'this host',
  '10.0.0.0/8': 'private',
  '100.64.0.0/10': 'carrier-grade NAT, and the metadata of some clouds',
  '127.0.0.0/8': 'loopback',
  '168.63.129.16/32': 'metadata of Azure',
  '169.254.0.0/16': 'link-local, and metadata',
  '172.16.0.0/12': 'private',
  '192.0.0.0/24': 'protocol assignments, and metadata of Oracle',
  '192.0.2.0/24': 'documentation',
  '192.31.196.0/24': 'AS112',
  '192.52.193.0/24': 'AMT',
  '192.88.99.0/24': '6to4 relays',
  '192.168.0.0/16': 'private',
  '192.175.48.0/24': 'AS112',
  '198.18.0.0/15': 'benchmarks',
  '198.51.100.0/24': 'documentation',
  '203.0.113.0/24': 'documentation',
  '224.0.0.0/4': 'multicast',
  '240.0.0.0/4': 'reserved, and broadcast',
} as const;

/**
 * The only IPv6 network that is public. Loopback, mapped and compatible IPv4, NAT64, unique local,
 * link-local, site-local and multicast addresses are outside of it.
 */
const GLOBAL_IPV6 = '2000::/3';
const SPECIAL_IPV6 = {
  '2001::/23': 'protocol assignments: Teredo, ORCHID, benchmarks',
  '2001:db8::/32': 'documentation',
  '2002::/16': '6to4, which contains an IPv4 address',
  '2620:4f:8000::/48': 'AS112',
  '3fff::/20': 'documentation',
} as const;

const SPECIAL = blockList(Object.keys(SPECIAL_IPV4), Object.keys(SPECIAL_IPV6));
const GLOBAL = blockList([], [GLOBAL_IPV6]);

/** Whether an address belongs to the public internet. A text that is no address does not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !SPECIAL.check(address, 'ipv4');
  // A zone names an interface of this machine.
  if (!isIPv6(address) || address.includes('%')) return false;
  return GLOBAL.check(address, 'ipv6') && !SPECIAL.check(address, 'ipv6');
}

function blockList(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of ipv4) list.addSubnet(...parts(network), 'ipv4');
  for (const network of ipv6) list.addSubnet(...parts(network), 'ipv6');
  return list;
}

function parts(network: string): [address: string, prefix: number] {
  const [address = '', prefix = ''] = network.split('/');
  return [address, Number(prefix)];
}
