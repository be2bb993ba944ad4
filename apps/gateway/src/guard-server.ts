import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { addressGroup, areDirect, type TrustedProxies } from '@runfleet/service';

import type { Limits } from './limits.ts';

/** Connections beyond the limits that are let in to be refused with a reason, and for health. */
const HEADROOM = 64;

/**
 * Bounds what costs something before any request is read: network connections in all and of one
 * address, and requests that one connection has in hand. Behind proxies of ours all connections are
 * theirs, so there only their number in all counts.
 */
export function guardServer(
  server: Server<typeof IncomingMessage, typeof ServerResponse>,
  { limits, proxies }: { limits: Limits; proxies: TrustedProxies },
): void {
  const countByAddress = new Map<string, number>();
  const inHand = new WeakMap<Socket, number>();
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
    const count = (inHand.get(socket) ?? 0) + 1;
    inHand.set(socket, count);
    response.once('close', () => inHand.set(socket, (inHand.get(socket) ?? 0) - 1));
    if (count > limits.requestsPerConnectionMax) socket.destroy();
  });
}
