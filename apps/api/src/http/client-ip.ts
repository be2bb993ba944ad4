import { clientAddress } from '@runfleet/service';

import type { ApiRequest } from '../api-context.ts';

/** The address that a request comes from, behind `hops` proxies of ours. Empty where it is unknown. */
export function clientIp(c: ApiRequest, hops: number): string {
  const socketAddress = c.env?.incoming?.socket.remoteAddress;
  return clientAddress({ socketAddress, forwardedFor: c.req.header('x-forwarded-for') }, hops);
}
