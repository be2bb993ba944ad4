import { randomUUID } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';

import { connectDb } from '@runfleet/db';
import { type Engine, type EngineSpec, openEngine } from '@runfleet/engine';
import { openAnnouncer } from '@runfleet/events';
import { findModel, type Model } from '@runfleet/models';
import { openTaskQueue, openTicketTransport } from '@runfleet/queue';
import {
  createHealth,
  createMetrics,
  type Logger,
  Resources,
  serveHealth,
} from '@runfleet/service';
import { openTaskStore, type WorkerDevice } from '@runfleet/tasks';
import type { z } from 'zod';

import type { workerConfig } from './config.ts';
import type { WorkerContext } from './context.ts';
import { workerMetrics } from './metrics.ts';
import { type Runs, Worker } from './worker.ts';

type WorkerConfig = z.infer<typeof workerConfig>;

const CONNECTIONS = 4;

/** Opens the engine and serves its pool until disposed; running tasks get the drain time. */
export function startWorker(
  config: WorkerConfig,
  options: { logger: Logger },
): Promise<AsyncDisposable & { url: string }> {
  return Resources.opening(async (resources) => {
    const { logger } = options;
    const { REDIS_URL: url, WORKER_HOST: host, WORKER_PORT: port, WORKER_SLOTS: slots } = config;
    const onError = (err: Error) => logger.debug({ err }, 'redis connection');
    const model = modelOf(config);
    const metrics = createMetrics({ role: 'worker' });
    const db = resources.use(
      connectDb(config.DATABASE_URL, { connections: CONNECTIONS, name: 'runfleet worker' }),
    );
    const engine = resources.use(await openEngine(engineSpecOf(config)));
    logger.info({ engine: engine.info }, 'engine is open');
    const queue = resources.use(openTaskQueue({ url, onError }));
    const tickets = resources.use(
      openTicketTransport({ url, kind: config.TICKET_TRANSPORT, onError }),
    );
    const announcer = resources.use(openAnnouncer({ url, logger }));
    const store = resources.use(
      openTaskStore({ db, announce: (events) => announcer.announce(events) }),
    );
    const runs: Runs = new Map();

    const ctx: WorkerContext = {
      workerId: randomUUID(),
      pool: model.pool,
      db,
      store,
      queue,
      engine,
      limits: {
        maxTokens: config.MAX_TOKENS_CAP,
        maxTimeoutSeconds: config.MAX_TIMEOUT_SECONDS,
      },
      logger,
      metrics: workerMetrics(metrics, { slots, running: () => runs.size }),
    };
    const checks = {
      postgres: async () => {
        await db.sql`select 1`;
      },
      redis: () => queue.check(),
    };
    const health = resources.use(
      await serveHealth({ host, port, health: createHealth({ checks, metrics, logger }) }),
    );
    const registration = {
      host: config.WORKER_NAME ?? hostname(),
      slots,
      device: deviceOf(engine),
    };
    const drainSeconds = config.WORKER_DRAIN_SECONDS;
    const worker = new Worker(ctx, { tickets, registration, drainSeconds, runs });
    await worker.start();
    resources.use(worker);
    return Object.assign(resources, { url: `http://${host}:${health.port}` });
  });
}

function modelOf(config: WorkerConfig): Model {
  const [owner = '', name = ''] = config.WORKER_MODEL.split('/');
  const model = findModel(owner, name);
  if (!model) {
    throw new Error(
      `WORKER_MODEL names "${config.WORKER_MODEL}", which is not in the catalogue (packages/models).`,
    );
  }
  return model;
}

function engineSpecOf(config: WorkerConfig): EngineSpec {
  const slots = config.WORKER_SLOTS;
  if (config.ENGINE === 'echo') {
    return { kind: 'echo', slots, tokenDelayMs: config.ECHO_TOKEN_DELAY_MS };
  }
  if (config.MODEL_DIR === undefined) {
    throw new Error('MODEL_DIR is not set: name the folder of a published ONNX model.');
  }
  return {
    kind: 'onnx',
    modelDir: config.MODEL_DIR,
    provider: config.ENGINE_PROVIDER,
    slots,
    // One core is left to the worker's own loop: commits, tickets, the lease.
    threads: config.ENGINE_THREADS || Math.max(1, availableParallelism() - 1),
  };
}

function deviceOf(engine: Engine): WorkerDevice {
  const { kind, model, provider, device } = engine.info;
  return { engine: kind, model, provider, device, version: process.version };
}
