import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import type { Health } from './health.ts';

/**
 * Serves /healthz, /readyz and /metrics for a role without an HTTP server of its own.
 * `port` 0 picks a free one, which the result contains. Rejects if the port is taken.
 */
export async function serveHealth(options: {
  host: string;
  port: number;
  health: Health;
}): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((request, response) => {
    void answer(options.health, request, response);
  });
  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const place = `${options.host}:${options.port}`;
    throw new Error(`Health cannot be served on ${place}; choose another port.`, { cause });
  }
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  health: Health,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const [pathname = '/'] = (request.url ?? '/').split('?', 1);
  const found = await health.respond(pathname).catch(() => undefined);
  if (found === undefined) response.writeHead(500).end();
  else if (found === null) response.writeHead(404).end();
  else {
    response.writeHead(found.status, { 'content-type': found.contentType });
    response.end(request.method === 'HEAD' ? undefined : found.body);
  }
}
