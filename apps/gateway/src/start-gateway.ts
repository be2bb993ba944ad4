import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { checkDatabase, openDb, shareReads } from '@runfleet/db';
import { openFollower } from '@runfleet/events';
import {
  createHealth,
  createMetrics,
  type Logger,
  RateLimiter,
  type ServedRole,
  servedRole,
  trustedProxies,
} from '@runfleet/service';
import { readTaskIds } from '@runfleet/tasks';

import { acceptSockets } from './accept-sockets.ts';
import { answerHttp } from './answer-http.ts';
import type { GatewayConfig } from './config.ts';
import { Connections } from './connections.ts';
import type { GatewayContext } from './gateway-context.ts';
import { guardServer } from './guard-server.ts';
import { LIMITS, type Limits } from './limits.ts';
import { gatewayMetrics } from './metrics.ts';
import { ProjectAccess } from './project-access.ts';
import { refuse } from './refuse.ts';
import { TaskFeeds } from './task-feeds.ts';
import { withFileUrls } from './with-file-urls.ts';

const DB_CONNECTIONS = 6;
// Only the periodic check notices a connection that sent half a request.
const HTTP_TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  // Longer than proxies in front keep theirs, so that a proxy never writes to a closed connection.
  keepAliveTimeout: 75_000,
};

/** Serves task events to sockets and event streams until disposed; then asks every client to reconnect. */
export async function startGateway(
  config: GatewayConfig,
  options: { logger: Logger; limits?: Partial<Limits>; signal?: AbortSignal },
): Promise<ServedRole> {
  const { logger } = options;
  const proxies = trustedProxies(config);
  const limits: Limits = {
    ...LIMITS,
    connectionsMax: config.GATEWAY_CONNECTIONS_MAX,
    connectionsPerAddressMax: config.GATEWAY_CONNECTIONS_PER_ADDRESS,
    opensPerAddress: config.GATEWAY_OPENS_PER_MINUTE,
    badTokensPerAddress: config.GATEWAY_BAD_TOKENS_PER_MINUTE,
    registerMs: config.GATEWAY_REGISTER_SECONDS * 1_000,
    bytesMax: config.GATEWAY_BUFFER_BYTES,
    memoryBytesMax: config.GATEWAY_MEMORY_BYTES,
    ...options.limits,
  };
  const metrics = createMetrics({ role: 'gateway' });
  const db = await openDb(config.DATABASE_URL, {
    connections: DB_CONNECTIONS,
    name: 'runfleet gateway',
    findsByIds: true,
    onUnavailable: (err) => logger.warn({ err }, 'waiting for Postgres'),
    signal: options.signal,
  });
  const follower = openFollower({ db, url: config.REDIS_URL, logger });
  const feeds = new TaskFeeds({
    follower: withFileUrls(follower, config.PUBLIC_API_URL),
    outputIntervalMs: limits.outputIntervalMs,
    logger,
  });
  const connections = new Connections(limits);
  const projects = new ProjectAccess({
    db,
    masterKey: { hex: config.MASTER_KEY, file: config.MASTER_KEY_FILE },
    logger,
  });
  const ctx: GatewayContext = {
    readTaskId: shareReads((tokens) => readTaskIds({ db }, tokens)),
    feeds,
    projects,
    connections,
    badTokens: perMinute(limits.badTokensPerAddress),
    requests: perMinute(limits.requestsPerAddress),
    limits,
    metrics: gatewayMetrics(metrics),
    logger,
  };
  const health = createHealth({
    // Redis is not checked: without it events arrive later, by the poll.
    checks: { database: () => checkDatabase(db) },
    metrics: {
      ...metrics,
      text: () => {
        ctx.metrics.collect({
          ...connections.counts,
          bufferedBytes: connections.bufferedBytes,
          tasks: feeds.count,
          subscriptions: feeds.subscriptionCount,
          gapReads: follower.gapReads,
          isRedisConnected: follower.isRedisConnected,
        });
        return metrics.text();
      },
    },
    logger,
  });

  const server = createServer(HTTP_TIMEOUTS, (request, response) => {
    answerHttp(ctx, { health, proxies }, request, response).catch((err: unknown) => {
      logger.error({ err }, 'request failed');
      if (response.headersSent) response.destroy();
      else refuse(response, 'unavailable', 'The gateway cannot answer now; try again in a moment.');
    });
  });
  server.on('upgrade', acceptSockets(ctx, { origins: config.GATEWAY_ORIGINS, proxies }));
  guardServer(server, { limits, proxies });

  const dispose = async () => {
    const closed = server.listening ? once(server, 'close') : Promise.resolve();
    server.close();
    projects[Symbol.dispose]();
    await connections[Symbol.asyncDispose]();
    server.closeAllConnections();
    await closed;
    feeds.close();
    await follower[Symbol.asyncDispose]();
    await db[Symbol.asyncDispose]();
  };
  try {
    const url = await listen(server, config);
    logger.info({ url }, 'gateway listening');
    return servedRole({
      url,
      server,
      health,
      noticeSeconds: config.STOP_NOTICE_SECONDS,
      close: dispose,
    });
  } catch (error) {
    await dispose();
    throw error;
  }
}

function perMinute(burst: number): RateLimiter {
  return new RateLimiter({ perSecond: burst / 60, burst });
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
