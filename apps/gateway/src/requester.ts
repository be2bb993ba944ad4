import type { IncomingMessage } from 'node:http';

import { addressGroup, clientAddress, type TrustedProxies } from '@runfleet/service';

/** Who asks, behind the proxies that are trusted: the address itself, and what limits count by. */
export function requesterOf(
  request: IncomingMessage,
  proxies: TrustedProxies,
): { ip: string; address: string } {
  // Several lines of the header are one list, in their order.
  const forwarded = request.headersDistinct[proxies.header]?.join(',');
  const ip = clientAddress({ socketAddress: request.socket.remoteAddress, forwarded }, proxies);
  return { ip, address: addressGroup(ip) };
}
