import type { IncomingMessage } from 'node:http';

import { addressGroup, clientAddress, type TrustedProxies } from '@runfleet/service';

/** The caller's IP address behind trusted proxies, and the address group by which limits count. */
export function requesterOf(
  request: IncomingMessage,
  proxies: TrustedProxies,
): { ip: string; address: string } {
  // Repeated header lines form one list, in their order.
  const forwarded = request.headersDistinct[proxies.header]?.join(',');
  const ip = clientAddress({ socketAddress: request.socket.remoteAddress, forwarded }, proxies);
  return { ip, address: addressGroup(ip) };
}
