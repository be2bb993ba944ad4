import { isIP } from 'node:net';

import type { TrustedProxies } from './trusted-proxies.ts';

/** How many entries of a list are read: a client may send as many as fit into a header. */
const ENTRIES_MAX = 64;
const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;

/**
 * The normalised address of a request's client. Each proxy appends the address that it saw, so the
 * list is read from the right while entries come from trusted proxies; entries that a client wrote
 * are further left. Empty if unknown.
 */
export function clientAddress(
  request: { socketAddress: string | undefined; forwarded: string | undefined },
  { hops, networks, header }: TrustedProxies,
): string {
  const socket = readAddress(request.socketAddress ?? '') ?? '';
  if (hops === 0 && networks === null) return socket;
  const entries = (request.forwarded ?? '').split(',').slice(-ENTRIES_MAX);
  const seen = entries.map((entry) => readAddress(header === 'forwarded' ? readFor(entry) : entry));
  if (networks === null) return seen.at(-Math.min(hops, seen.length)) ?? socket;

  const isOurs = (address: string) =>
    networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  let address = socket;
  while (address !== '' && isOurs(address)) {
    const before = seen.pop();
    if (!before) break;
    address = before;
  }
  return address;
}

/** `for=` of an element of Forwarded (RFC 7239). */
function readFor(element: string): string {
  return /(?:^|;)\s*for\s*=\s*("[^"]*"|[^;]*)/i.exec(element)?.[1] ?? '';
}

/**
 * An address in the forms that proxies write: quoted, in brackets, with a port, with a zone, IPv4
 * as IPv6. Null if it is not an address, such as `unknown`.
 */
function readAddress(text: string): string | null {
  const bare = text.trim().replace(/^"(.*)"$/, '$1');
  const inBrackets = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(bare)?.[1];
  const withoutPort = /^([\d.]+):\d{1,5}$/.exec(bare)?.[1];
  const [address = ''] = (inBrackets ?? withoutPort ?? bare).split('%');
  if (isIP(address) === 4) return address;
  if (isIP(address) !== 6) return null;
  // The URL parser normalises addresses.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(canonical) ?? [];
  return high === undefined || low === undefined ? canonical : dotted(high, low);
}

function dotted(high: string, low: string): string {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}
