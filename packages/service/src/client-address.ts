import { isIP } from 'node:net';

/**
 * The address that a request comes from. Behind `hops` proxies of ours it is the entry that the
 * outermost of them has added to X-Forwarded-For; what a client wrote there lies further left. Empty
 * where it is unknown.
 */
export function clientAddress(
  request: { socketAddress: string | undefined; forwardedFor: string | undefined },
  hops: number,
): string {
  const socket = plain(request.socketAddress ?? '');
  if (hops === 0) return socket;
  const forwarded = (request.forwardedFor ?? '').split(',');
  const ip = plain((forwarded.at(-Math.min(hops, forwarded.length)) ?? '').trim());
  return isIP(ip) === 0 ? socket : ip;
}

/** An IPv4 caller on an IPv6 socket. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
