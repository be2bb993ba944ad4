import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { ERRORS, type ErrorKind } from '@runfleet/protocol';
import { type TrustedProxies } from '@runfleet/service';
import { WebSocketServer } from 'ws';

import type { GatewayContext } from './gateway-context.ts';
import { requestUrl } from './request-url.ts';
import { requesterOf } from './requester.ts';
import { SocketConnection } from './socket-connection.ts';

/**
 * Accepts socket upgrades at `/v1`. `origins`: pages that may connect; empty allows all. `proxies`: trusted
 * proxies that forward the caller's address.
 */
export function acceptSockets(
  ctx: GatewayContext,
  surface: { origins: readonly string[]; proxies: TrustedProxies },
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { connections, limits } = ctx;
  const { origins, proxies } = surface;
  const options = {
    noServer: true,
    clientTracking: false,
    // A small compressed frame can expand to a huge one.
    perMessageDeflate: false,
    maxPayload: limits.messageBytesMax,
    maxFragments: limits.fragmentsPerMessageMax,
    closeTimeout: limits.closeMs,
  };
  const server = new WebSocketServer(options);

  return (request, socket, head) => {
    // A client may disconnect while it is being answered.
    socket.on('error', () => {});
    const { pathname } = requestUrl(request);
    if (!/^\/v1\/?$/i.test(pathname)) {
      return refuseUpgrade(socket, 'path_not_found', `There is no socket at ${pathname}; use /v1.`);
    }
    const { origin } = request.headers;
    if (origins.length > 0 && origin !== undefined && !origins.includes(origin)) {
      return refuseUpgrade(
        socket,
        'forbidden',
        `The origin ${origin} is not allowed to open a socket.`,
      );
    }
    const { address } = requesterOf(request, proxies);
    const refusal = connections.refusalOf(address);
    if (refusal) return refuseUpgrade(socket, refusal.kind, refusal.message, refusal.waitMs);
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new SocketConnection(ctx, { socket: webSocket, stream: socket, address });
      connections.add(connection);
      webSocket.once('close', () => connections.remove(connection));
    });
  };
}

function refuseUpgrade(socket: Duplex, kind: ErrorKind, message: string, waitMs?: number): void {
  const { http, code } = ERRORS[kind];
  const body = JSON.stringify({ result: false, errors: [{ code, message }] });
  const retryAfter =
    waitMs === undefined ? '' : `retry-after: ${Math.max(1, Math.ceil(waitMs / 1_000))}\r\n`;
  // A socket with unread bytes does not notice that its client has left: it would stay open.
  socket.resume().once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${http} Refused\r\ncontent-type: application/json\r\n${retryAfter}` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
