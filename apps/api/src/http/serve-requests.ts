import { createServer, type Server } from 'node:http';

import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';

import type { ApiEnv } from '../api-context.ts';
import { answerInTurn } from './answer-in-turn.ts';
import { sendLater } from './answer-later.ts';
import { boundConnections } from './bound-connections.ts';
import { UnreadAnswers } from './unread-answers.ts';
import { writeRefusal } from './write-refusal.ts';

const TIMEOUTS = {
  headersTimeout: 15_000,
  // Of the slowest upload. Bodies are read at a minimal pace (`body-pace.ts`), and the listener
  // ends what is left of a body after the answer.
  requestTimeout: 3_660_000,
  // Longer than proxies keep idle connections, so that they never write to a closed one.
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
};
const HEADERS_MAX = 128;
/** How long a client may take to read a complete answer. */
const READING_MS = 60_000;
/** How long a connection may neither send nor receive a byte. */
const SILENCE_MS = 30_000;
const INVALID = { errors: [{ code: 0, message: 'This is not a valid URL.' }], result: false };

export function createApiServer(): Server {
  const server = createServer(TIMEOUTS);
  // With a maximum, Node would silently drop headers, such as the address that a proxy adds.
  server.maxHeadersCount = 0;
  return server;
}

/** Serves the routes, with limits for every connection. */
export function serveRequests(
  server: Server,
  api: Hono<ApiEnv>,
  limits: {
    connectionsMax: number;
    /** 0 means no limit. */
    connectionsPerAddress: number;
    /** The bytes that answers may hold in memory while their readers are slow. */
    unreadBytes: number;
    readingMs?: number;
    silenceMs?: number;
  },
): void {
  const unread = new UnreadAnswers(limits.unreadBytes, limits.readingMs ?? READING_MS);
  const onSent = unread.add.bind(unread);
  const listener = getRequestListener(
    async (request, env) => {
      // This server speaks HTTP/1 only.
      const bindings = env as HttpBindings;
      return sendLater(await api.fetch(request, bindings), bindings, onSent);
    },
    { errorHandler: () => Response.json(INVALID, { status: 400 }) },
  );
  const turns = answerInTurn(server, (request, response) => {
    if (request.rawHeaders.length > 2 * HEADERS_MAX) {
      writeRefusal(response, 431, `A request may have ${HEADERS_MAX} headers at most.`);
      return;
    }
    // Errors are answered by the API itself; the listener's promise never rejects.
    void listener(request, response).then(() => unread.add(request, response));
  });
  boundConnections(server, {
    total: limits.connectionsMax,
    perAddress: limits.connectionsPerAddress,
    silenceMs: limits.silenceMs ?? SILENCE_MS,
    ...turns,
  });
}
