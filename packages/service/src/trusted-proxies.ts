import { BlockList, isIP } from 'node:net';

/**
 * Which proxies are trusted to report a client's address: the parsed settings of the same names.
 */
export type TrustedProxies = {
  /** How many of our proxies a request passes; 0 if `networks` are set or there are no proxies. */
  readonly hops: number;
  /** Addresses of our proxies; null if they are counted instead. */
  readonly networks: BlockList | null;
  readonly header: 'x-forwarded-for' | 'forwarded';
};

export const NO_PROXIES: TrustedProxies = { hops: 0, networks: null, header: 'x-forwarded-for' };

/** Whether clients connect directly, so that a socket's address is its client's. */
export function areDirect({ hops, networks }: TrustedProxies): boolean {
  return hops === 0 && networks === null;
}

export function trustedProxies(config: {
  TRUSTED_PROXY_HOPS: number;
  TRUSTED_PROXIES: BlockList | null;
  FORWARDED_HEADER: TrustedProxies['header'];
}): TrustedProxies {
  return {
    hops: config.TRUSTED_PROXY_HOPS,
    networks: config.TRUSTED_PROXIES,
    header: config.FORWARDED_HEADER,
  };
}

/**
 * `10.0.0.0/8, 2001:db8::/32, 192.0.2.1`; null for an empty list. Throws with the invalid entry.
 */
export function parseNetworks(text: string): BlockList | null {
  const entries = text.split(',').map((entry) => entry.trim());
  const given = entries.filter((entry) => entry !== '');
  if (given.length === 0) return null;
  const networks = new BlockList();
  for (const entry of given) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    const bits = family === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    const isLength = /^\d{1,3}$/.test(prefix ?? '0') && length <= bits;
    if (family === 0 || rest.length > 0 || !isLength) {
      throw new Error(`"${entry}" is neither an address nor a network as 10.0.0.0/8`);
    }
    networks.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  }
  return networks;
}
