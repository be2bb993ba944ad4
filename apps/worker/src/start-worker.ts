import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { connectDb } from '@runfleet/db';
import { type Engine, type EngineSpec, openEngine } from '@runfleet/engine';
import { openAnnouncer } from '@runfleet/events';
import { findModel, type Model } from '@runfleet/models';
import { openTaskQueue, openTicketTransport } from '@runfleet/queue';
import { createHealth, createMetrics, type Logger, serveHealth } from '@runfleet/service';
import { openLocalStorage } from '@runfleet/storage';
import { openTaskStore, type WorkerDevice } from '@runfleet/tasks';
import type { z } from 'zod';

import type { workerConfig } from './config.ts';
import type { WorkerContext } from './context.ts';
import { workerMetrics } from './metrics.ts';
import { Worker } from './worker.ts';

type WorkerConfig = z.infer<typeof workerConfig>;

const CONNECTIONS = 4;

/** Opens the engine and serves its pool until disposed; running tasks get the drain time. */
export async function startWorker(
  config: WorkerConfig,
  options: { logger: Logger },
): Promise<AsyncDisposable & { url: string }> {
  const { logger } = options;
  const onError = (err: Error) => logger.debug({ err }, 'redis connection');
  const model = modelOf(config);
  const engine = await openEngine(engineSpecOf(config));
  logger.info({ engine: engine.info }, 'engine is open');

  const metrics = createMetrics({ role: 'worker' });
  const db = connectDb(config.DATABASE_URL, { connections: CONNECTIONS, name: 'runfleet worker' });
  const queue = openTaskQueue({ url: config.REDIS_URL, onError });
  const tickets = openTicketTransport({ url: config.REDIS_URL, onError });
  const announcer = openAnnouncer({ url: config.REDIS_URL, logger });
  const store = openTaskStore({ db, announce: (events) => announcer.announce(events) });
  const storage = openLocalStorage(config.STORAGE_DIR);
  const runs: ConstructorParameters<typeof Worker>[1]['runs'] = new Map();

  const ctx: WorkerContext = {
    workerId: randomUUID(),
    pool: model.pool,
    db,
    store,
    queue,
    storage,
    engine,
    limits: {
      maxTokens: config.MAX_TOKENS_CAP,
      maxTimeoutSeconds: config.MAX_TIMEOUT_SECONDS,
    },
    logger,
    metrics: workerMetrics(metrics, { slots: config.WORKER_SLOTS, running: () => runs.size }),
  };
  const health = await serveHealth({
    host: config.WORKER_HOST,
    port: config.WORKER_PORT,
    health: createHealth({
      checks: {
        postgres: async () => {
          await db.sql`select 1`;
        },
        redis: () => queue.check(),
        storage: () => storage.check(),
      },
      metrics,
      logger,
    }),
  });
  const worker = new Worker(ctx, {
    tickets,
    registration: {
      host: config.WORKER_NAME ?? hostname(),
      slots: config.WORKER_SLOTS,
      device: deviceOf(engine),
    },
    drainSeconds: config.WORKER_DRAIN_SECONDS,
    runs,
  });
  await worker.start();

  return {
    url: `http://${config.WORKER_HOST}:${health.port}`,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await announcer[Symbol.asyncDispose]();
      await Promise.all([tickets[Symbol.asyncDispose](), queue[Symbol.asyncDispose]()]);
      await engine[Symbol.asyncDispose]();
      await health[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
    },
  };
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
    threads: config.ENGINE_THREADS,
  };
}

function deviceOf(engine: Engine): WorkerDevice {
  const { kind, model, provider, device } = engine.info;
  return { engine: kind, model, provider, device, version: process.version };
}
