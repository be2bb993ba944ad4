import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Opens a connection to a server; rejects if it is refused or `signal` aborts. */
export async function connectToServer(
  place: { host: string; port: number } | { path: string },
  options: { isTls: boolean; signal: AbortSignal },
): Promise<Socket> {
  const socket = options.isTls ? connectTls(place) : connect(place);
  try {
    await once(socket, options.isTls ? 'secureConnect' : 'connect', { signal: options.signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
