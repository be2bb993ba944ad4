import { clientAddress, type TrustedProxies } from '@runfleet/service';

import type { ApiRequest } from '../api-context.ts';

/** The client's address, as seen by the trusted proxies. Empty if it is unknown. */
export function clientIp(c: ApiRequest, proxies: TrustedProxies): string {
  const socketAddress = c.env?.incoming?.socket.remoteAddress;
  return clientAddress({ socketAddress, forwarded: c.req.header(proxies.header) }, proxies);
}
