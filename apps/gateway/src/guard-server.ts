import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { addressGroup, areDirect, type TrustedProxies } from '@runfleet/service';

import type { Limits } from './limits.ts';

/** Network connections beyond the limits, so that excess clients get a reason and health checks an answer. */
const HEADROOM = 64;

/**
 * Bounds what costs something before any request is read: network connections in total and per address,
 * and unanswered requests per connection. Behind trusted proxies all connections come from the proxies, so
 * only the total is bounded.
 */
export function guardServer(
  server: Server<typeof IncomingMessage, typeof ServerResponse>,
  { limits, proxies }: { limits: Limits; proxies: TrustedProxies },
): void {
  const countByAddress = new Map<string, number>();
  const unanswered = new WeakMap<Socket, number>();
  server.maxConnections = limits.connectionsMax + HEADROOM;

  server.on('connection', (socket) => {
    if (!areDirect(proxies)) return;
    const address = addressGroup(socket.remoteAddress ?? '');
    const count = (countByAddress.get(address) ?? 0) + 1;
    if (count > limits.connectionsPerAddressMax + HEADROOM) return void socket.destroy();
    countByAddress.set(address, count);
    socket.once('close', () => {
      const left = (countByAddress.get(address) ?? 0) - 1;
      if (left > 0) countByAddress.set(address, left);
      else countByAddress.delete(address);
    });
  });

  server.prependListener('request', ({ socket }, response) => {
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 0) - 1));
    if (count > limits.requestsPerConnectionMax) socket.destroy();
  });
}
