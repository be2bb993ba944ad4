import { randomUUID } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';

import { type Catalogue, slugOf } from '@runfleet/catalog';
import { checkDatabase, openDb } from '@runfleet/db';
import {
  type Engine,
  type EngineFacts,
  type EngineSpec,
  measureModel,
  openEngine,
} from '@runfleet/engine';
import { openAnnouncer } from '@runfleet/events';
import { readCatalogue } from '@runfleet/publishing';
import { openTaskQueue, openTicketTransport } from '@runfleet/queue';
import {
  createHealth,
  createMetrics,
  type Logger,
  Resources,
  serveHealth,
} from '@runfleet/service';
import { openRunReader, openTaskStore, readHistory } from '@runfleet/tasks';
import type { z } from 'zod';

import type { workerConfig } from './config.ts';
import type { WorkerContext } from './context.ts';
import { type EngineMetrics, engineMetrics } from './engine-metrics.ts';
import { watchGpus } from './gpu-metrics.ts';
import { LeaseKeeper } from './lease/lease-keeper.ts';
import { MeteredEngine } from './metered-engine.ts';
import { workerMetrics } from './metrics.ts';
import { type Device, measureDevice } from './models/measure-device.ts';
import { type HostedModel, ModelHost } from './models/model-host.ts';
import { type NamedModel, namedModels } from './models/parse-model-list.ts';
import { workerLabels } from './models/worker-labels.ts';
import { type Runs, Worker } from './worker.ts';

type WorkerConfig = z.infer<typeof workerConfig>;

const CONNECTIONS = 4;

/**
 * Loads the first model and serves the worker's pools until disposed; running tasks get the drain
 * time.
 */
export function startWorker(
  config: WorkerConfig,
  options: { logger: Logger; signal?: AbortSignal },
): Promise<AsyncDisposable & { url: string }> {
  return Resources.opening(async (resources) => {
    const { logger } = options;
    const { REDIS_URL: url, WORKER_HOST: host, WORKER_PORT: port, WORKER_SLOTS: slots } = config;
    const onError = (err: Error) => logger.debug({ err }, 'redis connection');
    const metrics = createMetrics({ role: 'worker' });
    const db = resources.use(
      await openDb(config.DATABASE_URL, {
        connections: CONNECTIONS,
        name: 'runfleet worker',
        findsByIds: true,
        onUnavailable: (err) => logger.warn({ err }, 'waiting for Postgres'),
        signal: options.signal,
      }),
    );
    let reportModels = () => {};
    const { catalogue } = await readCatalogue({ db });
    const { models, facts, device } = await openModels(config, {
      catalogue,
      logger,
      metrics: engineMetrics(metrics),
      onChange: () => reportModels(),
    });
    resources.use(models);
    resources.use(await watchGpus(metrics, { logger }));
    const queue = resources.use(openTaskQueue({ url, onError }));
    const tickets = resources.use(
      openTicketTransport({ url, kind: config.TICKET_TRANSPORT, onError }),
    );
    const announcer = resources.use(openAnnouncer({ url, logger }));
    const store = resources.use(
      openTaskStore({ db, queue, announce: (events) => announcer.announce(events) }),
    );
    const runs: Runs = new Map();

    const ctx: WorkerContext = {
      workerId: randomUUID(),
      store,
      readRun: openRunReader({ db }),
      readHistory: (task) => readHistory({ db }, task),
      queue,
      models,
      limits: {
        maxTokens: config.MAX_TOKENS_CAP,
        maxTimeoutSeconds: config.MAX_TIMEOUT_SECONDS,
      },
      historyTokensMax: config.HISTORY_TOKENS_MAX,
      logger,
      metrics: workerMetrics(metrics, { slots, running: () => runs.size }),
    };
    const checks = {
      database: () => checkDatabase(db),
      redis: () => queue.check(),
    };
    const health = createHealth({ checks, metrics, logger });
    const served = resources.use(await serveHealth({ host, port, health }));
    const name = config.WORKER_NAME ?? hostname();
    const registration = {
      host: name,
      // Memory may hold fewer slots than were configured.
      slots: Math.min(slots, facts.slots),
      labels: workerLabels(config.WORKER_LABELS, {
        host: name,
        provider: facts.provider,
        device: device.name,
      }),
      device: {
        engine: facts.kind,
        model: facts.model,
        provider: facts.provider,
        device: facts.device,
        version: process.version,
      },
    };
    const drainSeconds = config.WORKER_DRAIN_SECONDS;
    const { workerId } = ctx;
    const lease = resources.use(
      new LeaseKeeper({ databaseUrl: config.DATABASE_URL, workerId, logger }),
    );
    const onRenewed = (generation: number) => lease.renewed(generation);
    const worker = new Worker(ctx, { tickets, registration, drainSeconds, runs, onRenewed });
    await worker.start();
    reportModels = () => worker.modelsChanged();
    resources.use(worker);
    resources.defer(async () => health.stop());
    return Object.assign(resources, { url: `http://${host}:${served.port}` });
  });
}

/**
 * Loads the first model, which selects the provider, and measures the memory that all models share.
 */
async function openModels(
  config: WorkerConfig,
  options: { catalogue: Catalogue; logger: Logger; metrics: EngineMetrics; onChange: () => void },
): Promise<{ models: ModelHost; facts: EngineFacts; device: Device }> {
  const { catalogue, metrics, ...rest } = options;
  const named = namedModels(catalogue, [
    { slug: config.WORKER_MODEL, dir: config.MODEL_DIR ?? null },
    ...config.WORKER_MODELS,
  ]);
  const [first] = named;
  if (!first) throw new Error('WORKER_MODEL is empty.');
  const engine = await openMetered(engineSpecOf(config, first), first, metrics);
  try {
    const { facts } = engine;
    const device = await measureDevice(facts.provider, config.ENGINE_DEVICE);
    const hosted = named.map((each) =>
      hostedModel(config, each, { provider: facts.provider, metrics }),
    );
    const models = new ModelHost({
      ...rest,
      models: await Promise.all(hosted),
      memoryBytes: config.WORKER_MEMORY_BYTES ?? device.memoryBytes,
      loaded: { pool: first.model.pool, engine },
    });
    const { note, ...opened } = facts;
    options.logger.info({ engine: opened, sizes: models.sizes, device }, 'engine opened');
    if (note !== '') options.logger.info(`The engine runs on ${facts.provider}: ${note}.`);
    return { models, facts, device };
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

async function hostedModel(
  config: WorkerConfig,
  named: NamedModel,
  options: { provider: string; metrics: EngineMetrics },
): Promise<HostedModel> {
  const { provider, metrics } = options;
  const spec = engineSpecOf(config, named);
  return {
    pool: named.model.pool,
    name: slugOf(named.model),
    bytes: spec.kind === 'onnx' ? await measureModel(spec.modelDir, { ...spec, provider }) : 0,
    open: () => openMetered(spec, named, metrics),
  };
}

async function openMetered(
  spec: EngineSpec,
  { model }: NamedModel,
  metrics: EngineMetrics,
): Promise<Engine> {
  return new MeteredEngine(await openEngine(spec), metrics, slugOf(model));
}

function engineSpecOf(config: WorkerConfig, { model, dir }: NamedModel): EngineSpec {
  const slots = config.WORKER_SLOTS;
  if (config.ENGINE === 'echo') {
    return { kind: 'echo', slots, tokenDelayMs: config.ECHO_TOKEN_DELAY_MS };
  }
  if (dir === null) {
    throw new Error(
      `${slugOf(model)} has no folder: name that of a published ONNX model in MODEL_DIR, or in WORKER_MODELS after an equals sign.`,
    );
  }
  const contextLength = config.ENGINE_CONTEXT_TOKENS;
  return {
    kind: 'onnx',
    modelDir: dir,
    provider: config.ENGINE_PROVIDER,
    deviceIndex: config.ENGINE_DEVICE,
    slots,
    // Leaves one core for the worker's own loop: commits, tickets, the lease.
    threads: config.ENGINE_THREADS || Math.max(1, availableParallelism() - 1),
    ...(contextLength > 0 ? { contextLength } : {}),
    promptLookupTokens: config.ENGINE_PROMPT_LOOKUP_TOKENS,
  };
}
