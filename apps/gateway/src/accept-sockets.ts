import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { ERRORS, type ErrorKind } from '@runfleet/protocol';
import { WebSocketServer } from 'ws';

import type { Connections } from './connections.ts';
import type { GatewayContext } from './gateway-context.ts';
import { requestUrl } from './request-url.ts';
import { SocketConnection } from './socket-connection.ts';

/** Turns upgrades of `/v1` into connections. `origins`: whose pages may come; empty = all. */
export function acceptSockets(
  ctx: GatewayContext,
  surface: { connections: Connections; origins: readonly string[] },
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { connections, origins } = surface;
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: ctx.limits.messageBytesMax,
    closeTimeout: ctx.limits.closeMs,
  };
  const server = new WebSocketServer(options);

  return (request, socket, head) => {
    // A client may go while it is being answered.
    socket.on('error', () => {});
    const { pathname } = requestUrl(request);
    if (!/^\/v1\/?$/i.test(pathname)) {
      return refuseUpgrade(socket, 'path_not_found', `There is no socket at ${pathname}; try /v1.`);
    }
    const { origin } = request.headers;
    if (origins.length > 0 && origin !== undefined && !origins.includes(origin)) {
      return refuseUpgrade(socket, 'forbidden', `Pages of ${origin} may not open a socket here.`);
    }
    if (connections.isFull) {
      return refuseUpgrade(socket, 'unavailable', 'This gateway is full; try again in a moment.');
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new SocketConnection(ctx, webSocket, socket);
      connections.add(connection);
      webSocket.once('close', () => connections.remove(connection));
    });
  };
}

function refuseUpgrade(socket: Duplex, kind: ErrorKind, message: string): void {
  const { http, code } = ERRORS[kind];
  const body = JSON.stringify({ result: false, errors: [{ code, message }] });
  socket.end(
    `HTTP/1.1 ${http} Refused\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
