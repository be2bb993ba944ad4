import { randomUUID } from 'node:crypto';

import { connectDb } from '@runfleet/db';
import { openAnnouncer } from '@runfleet/events';
import { MODELS } from '@runfleet/models';
import { openTaskQueue, openTicketTransport } from '@runfleet/queue';
import { createHealth, createMetrics, type Logger, serveHealth } from '@runfleet/service';
import { openTaskStore } from '@runfleet/tasks';
import type { z } from 'zod';

import type { brokerConfig } from './config.ts';
import type { BrokerContext } from './context.ts';
import { Housekeeper } from './housekeeper.ts';
import { brokerMetrics } from './metrics.ts';
import { PoolLeader } from './pool-leader.ts';

const CONNECTIONS = 6;

/** Leads pools or stands by for them, and keeps house, until disposed. */
export async function startBroker(
  config: z.infer<typeof brokerConfig>,
  options: { logger: Logger },
): Promise<AsyncDisposable & { url: string }> {
  const { logger } = options;
  const onError = (err: Error) => logger.debug({ err }, 'redis connection');
  const metrics = createMetrics({ role: 'broker' });
  const db = connectDb(config.DATABASE_URL, { connections: CONNECTIONS, name: 'runfleet broker' });
  const queue = openTaskQueue({ url: config.REDIS_URL, onError });
  const tickets = openTicketTransport({ url: config.REDIS_URL, onError });
  const announcer = openAnnouncer({ url: config.REDIS_URL, logger });
  const store = openTaskStore({ db, announce: (events) => announcer.announce(events) });

  const ctx: BrokerContext = {
    brokerId: randomUUID(),
    db,
    store,
    queue,
    tickets,
    logger,
    metrics: brokerMetrics(metrics),
  };
  const health = await serveHealth({
    host: config.BROKER_HOST,
    port: config.BROKER_PORT,
    health: createHealth({
      checks: {
        postgres: async () => {
          await db.sql`select 1`;
        },
        redis: () => queue.check(),
      },
      metrics,
      logger,
    }),
  });
  const housekeeper = new Housekeeper(ctx);
  const pools = [...new Set(MODELS.map((model) => model.pool))];
  const leaders = pools.map((pool) => new PoolLeader(ctx, pool));
  await Promise.all(leaders.map((leader) => leader.start()));

  return {
    url: `http://${config.BROKER_HOST}:${health.port}`,
    async [Symbol.asyncDispose]() {
      await Promise.all(leaders.map((leader) => leader[Symbol.asyncDispose]()));
      await housekeeper[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await announcer[Symbol.asyncDispose]();
      await Promise.all([tickets[Symbol.asyncDispose](), queue[Symbol.asyncDispose]()]);
      await health[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
    },
  };
}
