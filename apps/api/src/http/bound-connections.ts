import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { addressGroup } from '@runfleet/service';

import { endWithRefusal } from './write-refusal.ts';

const PROBLEMS: Readonly<Record<string, { status: number; message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'Request headers are larger than 16 KB.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request did not arrive in time.' },
};
const NO_REQUEST = { status: 400, message: 'This is not a valid HTTP request.' };

/**
 * Limits connections in number, per address (0 means no limit), and in how long a peer may leave an
 * answer unread. Bytes that are not a request are answered in the envelope.
 */
export function boundConnections(
  server: Server,
  limits: {
    total: number;
    perAddress: number;
    silenceMs: number;
    isAnswering(socket: Duplex): boolean;
  },
): void {
  const open = new Map<string, number>();
  server.maxConnections = limits.total;

  server.on('connection', (socket: Socket) => {
    if (limits.perAddress === 0) return;
    const address = addressGroup(socket.remoteAddress ?? '');
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.on('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    if (count > limits.perAddress) socket.destroy();
  });

  // Node counts a write that makes progress as activity. While we work on a request, its peer has
  // nothing to send, so its silence does not count.
  server.setTimeout(limits.silenceMs, (socket: Socket) => {
    if (socket.writableLength > 0 || !limits.isAnswering(socket)) socket.destroy();
  });

  server.on('clientError', (error: Error & { code?: string }, socket) => {
    if (!socket.writable || limits.isAnswering(socket)) return void socket.destroy();
    const { status, message } = PROBLEMS[error.code ?? ''] ?? NO_REQUEST;
    endWithRefusal(socket, status, message);
  });
}
