import type { IncomingMessage } from 'node:http';

import { addressGroup, clientAddress } from '@runfleet/service';

/** Who asks, behind `hops` proxies of ours: the address itself, and what limits count by. */
export function requesterOf(
  request: IncomingMessage,
  hops: number,
): { ip: string; address: string } {
  // Several lines of the header are one list, in their order.
  const forwardedFor = request.headersDistinct['x-forwarded-for']?.join(',');
  const ip = clientAddress({ socketAddress: request.socket.remoteAddress, forwardedFor }, hops);
  return { ip, address: addressGroup(ip) };
}
