import { randomUUID } from 'node:crypto';

import { checkDatabase, openDb } from '@runfleet/db';
import { openAnnouncer } from '@runfleet/events';
import { CatalogueCache } from '@runfleet/publishing';
import {
  openCallbackJobs,
  openExportJobs,
  openJobWatch,
  openScheduledJobs,
  openTaskQueue,
  openTicketTransport,
} from '@runfleet/queue';
import {
  createHealth,
  createMetrics,
  type Logger,
  Resources,
  serveHealth,
} from '@runfleet/service';
import { openPoolReads, openTaskStore } from '@runfleet/tasks';
import type { z } from 'zod';

import type { brokerConfig } from './config.ts';
import type { BrokerContext } from './context.ts';
import { Housekeeper } from './housekeeper.ts';
import { brokerMetrics } from './metrics.ts';
import { PoolLeaders } from './pool-leaders.ts';
import { measureJobs } from './upkeep/measure-jobs.ts';
import { UPKEEP_JOBS, type UpkeepSettings } from './upkeep/upkeep-jobs.ts';
import { Upkeep } from './upkeep/upkeep.ts';

const CONNECTIONS = 6;
const UPKEEP_CONNECTIONS = 4;

/** Leads pools or stands by for them, and does the housekeeping, until disposed. */
export function startBroker(
  config: z.infer<typeof brokerConfig>,
  options: { logger: Logger; signal?: AbortSignal },
): Promise<AsyncDisposable & { url: string }> {
  return Resources.opening(async (resources) => {
    const { logger } = options;
    const { DATABASE_URL, REDIS_URL: url, BROKER_HOST: host, BROKER_PORT: port } = config;
    const onError = (err: Error) => logger.debug({ err }, 'redis connection');
    const metrics = createMetrics({ role: 'broker' });
    const db = resources.use(
      await openDb(DATABASE_URL, {
        connections: CONNECTIONS,
        name: 'runfleet broker',
        onUnavailable: (err) => logger.warn({ err }, 'waiting for Postgres'),
        signal: options.signal,
      }),
    );
    const upkeepDb = resources.use(
      await openDb(DATABASE_URL, {
        connections: UPKEEP_CONNECTIONS,
        name: 'runfleet upkeep',
        onUnavailable: (err) => logger.warn({ err }, 'waiting for Postgres'),
        signal: options.signal,
      }),
    );
    const catalogue = resources.use(await CatalogueCache.open({ db, logger }));
    const queue = resources.use(openTaskQueue({ url, onError }));
    const tickets = resources.use(
      openTicketTransport({ url, kind: config.TICKET_TRANSPORT, onError }),
    );
    const scheduledJobs = resources.use(openScheduledJobs({ url, onError }));
    const exportJobs = resources.use(openExportJobs({ url, onError }));
    const callbackJobs = resources.use(openCallbackJobs({ url, onError }));
    const announcer = resources.use(openAnnouncer({ url, logger }));
    const store = resources.use(
      openTaskStore({ db, queue, announce: (events) => announcer.announce(events) }),
    );
    const ctx: BrokerContext = {
      brokerId: randomUUID(),
      db,
      store,
      reads: openPoolReads({ db }),
      queue,
      tickets,
      logger,
      metrics: brokerMetrics(metrics),
      now: () => performance.now(),
    };
    const checks = {
      database: () => checkDatabase(db),
      redis: () => queue.check(),
    };
    const health = createHealth({ checks, metrics, logger });
    const served = resources.use(await serveHealth({ host, port, health }));
    const upkeep = resources.use(
      new Upkeep({
        ctx: {
          db: upkeepDb,
          exportJobs,
          logger,
          metrics: ctx.metrics,
          settings: upkeepSettings(config),
        },
        jobs: UPKEEP_JOBS,
        queue: scheduledJobs,
      }),
    );
    const watch = resources.use(openJobWatch({ url, onError }));
    resources.use(measureJobs({ db: upkeepDb, watch, logger, metrics: ctx.metrics }));
    resources.use(new Housekeeper(ctx, { callbackJobs, upkeep }));
    const leaders = resources.use(new PoolLeaders(ctx));
    leaders.follow(catalogue.current);
    catalogue.onChange((changed) => leaders.follow(changed));
    resources.defer(async () => health.stop());
    return Object.assign(resources, { url: `http://${host}:${served.port}` });
  });
}

function upkeepSettings(config: z.infer<typeof brokerConfig>): UpkeepSettings {
  return { callbackLogDays: config.CALLBACK_LOG_DAYS };
}
