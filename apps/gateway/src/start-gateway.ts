import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { checkDatabase, openDb, shareReads } from '@runfleet/db';
import { openFollower } from '@runfleet/events';
import { createHealth, createMetrics, type Logger } from '@runfleet/service';
import { readTaskIds } from '@runfleet/tasks';

import { acceptSockets } from './accept-sockets.ts';
import { answerHttp, refuse } from './answer-http.ts';
import type { GatewayConfig } from './config.ts';
import { Connections } from './connections.ts';
import type { GatewayContext } from './gateway-context.ts';
import { LIMITS, type Limits } from './limits.ts';
import { gatewayMetrics } from './metrics.ts';
import { TaskFeeds } from './task-feeds.ts';
import { withFileUrls } from './with-file-urls.ts';

const DB_CONNECTIONS = 6;
const HTTP_TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 10_000 };

/** Tells task events to sockets and event streams until disposed; then every client is told to come again. */
export async function startGateway(
  config: GatewayConfig,
  options: { logger: Logger; limits?: Partial<Limits>; signal?: AbortSignal },
): Promise<AsyncDisposable & { url: string }> {
  const { logger } = options;
  const limits: Limits = {
    ...LIMITS,
    connectionsMax: config.GATEWAY_CONNECTIONS_MAX,
    bytesMax: config.GATEWAY_BUFFER_BYTES,
    ...options.limits,
  };
  const metrics = createMetrics({ role: 'gateway' });
  const db = await openDb(config.DATABASE_URL, {
    connections: DB_CONNECTIONS,
    name: 'runfleet gateway',
    findsByIds: true,
    onAway: (err) => logger.warn({ err }, 'waiting for Postgres'),
    signal: options.signal,
  });
  const follower = openFollower({ db, url: config.REDIS_URL, logger });
  const feeds = new TaskFeeds({
    follower: withFileUrls(follower, config.PUBLIC_API_URL),
    outputIntervalMs: limits.outputIntervalMs,
    logger,
  });
  const connections = new Connections(limits);
  const ctx: GatewayContext = {
    readTaskId: shareReads((tokens) => readTaskIds({ db }, tokens)),
    feeds,
    limits,
    metrics: gatewayMetrics(metrics),
    logger,
  };
  const health = createHealth({
    // Without Redis events arrive later, so it does not decide whether this role can work.
    checks: { database: () => checkDatabase(db) },
    metrics: {
      ...metrics,
      text: () => {
        ctx.metrics.collect({
          ...connections.counts,
          bufferedBytes: connections.bufferedBytes,
          tasks: feeds.count,
          watches: feeds.watchCount,
          gapReads: follower.gapReads,
          isRedisConnected: follower.isRedisConnected,
        });
        return metrics.text();
      },
    },
    logger,
  });

  const server = createServer(HTTP_TIMEOUTS, (request, response) => {
    answerHttp(ctx, { health, connections }, request, response).catch((err: unknown) => {
      logger.error({ err }, 'a request failed');
      if (response.headersSent) response.destroy();
      else refuse(response, 'unavailable', 'The gateway cannot answer now; try again in a moment.');
    });
  });
  server.on('upgrade', acceptSockets(ctx, { connections, origins: config.GATEWAY_ORIGINS }));

  const dispose = async () => {
    const closed = server.listening ? once(server, 'close') : Promise.resolve();
    server.close();
    await connections[Symbol.asyncDispose]();
    server.closeAllConnections();
    await closed;
    feeds.close();
    await follower[Symbol.asyncDispose]();
    await db[Symbol.asyncDispose]();
  };
  try {
    const url = await listen(server, config);
    logger.info({ url }, 'gateway listens');
    return { url, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function listen(server: Server, config: GatewayConfig): Promise<string> {
  const { GATEWAY_HOST: host, GATEWAY_PORT: port } = config;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Error(
          `The gateway cannot listen on ${host}:${port}: ${cause.message}. Free the port or set GATEWAY_PORT.`,
          { cause },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${(server.address() as AddressInfo).port}`;
}
