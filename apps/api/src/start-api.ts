import { fileURLToPath } from 'node:url';

import { compatibleAdmission } from '@runfleet/billing';
import { checkDatabase, openDb } from '@runfleet/db';
import { openAnnouncer, openFollower } from '@runfleet/events';
import { createAuth, deriveSecret, openMasterKey, ProjectCache } from '@runfleet/identity';
import { openOutbound } from '@runfleet/outbound';
import { CatalogueCache } from '@runfleet/publishing';
import { openCallbackJobs, openExportJobs, openJobWatch, openTaskQueue } from '@runfleet/queue';
import {
  areDirect,
  createHealth,
  createMetrics,
  type Logger,
  type ServedRole,
  servedRole,
  trustedProxies,
} from '@runfleet/service';
import { openStorage } from '@runfleet/storage';
import { openTaskStore } from '@runfleet/tasks';

import type { ApiConfig } from './api-config.ts';
import type { ApiContext, ApiSettings } from './api-context.ts';
import { startCallbacks } from './callbacks/start-callbacks.ts';
import { createApi } from './create-api.ts';
import { startExports } from './exports/start-exports.ts';
import { PdfReader } from './file-texts/pdf/pdf-reader.ts';
import { GrammarReader } from './grammars/grammar-reader.ts';
import { ByteBudget } from './http/byte-budget.ts';
import { CallRates } from './http/call-rates.ts';
import { createApiServer, serveRequests } from './http/serve-requests.ts';
import { listen, stopListening } from './listen.ts';
import { rememberContextTokens } from './remember-context-tokens.ts';
import { rememberModelStatistics } from './remember-model-statistics.ts';
import { OpenUploads } from './uploads/open-uploads.ts';
import { startFileUpkeep } from './uploads/start-file-upkeep.ts';
import { TaskWaits } from './waits/task-waits.ts';

const DASHBOARD_DIR = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));

/** Far more than the slowest upload takes. */
const UNFINISHED_PUT_MS = 24 * 60 * 60 * 1_000;

/**
 * Opens the role's resources and listens. Disposing gives notice, finishes the answers in flight, and
 * closes the resources in reverse order.
 */
export async function startApi(
  config: ApiConfig,
  { logger, signal }: { logger: Logger; signal?: AbortSignal },
): Promise<ServedRole> {
  // First, because it may find a mistake in the settings.
  const storage = await openStorage(config);
  const masterKey = await openMasterKey({
    ...(config.MASTER_KEY === undefined ? {} : { hex: config.MASTER_KEY }),
    file: config.MASTER_KEY_FILE,
  });
  const db = await openDb(config.DATABASE_URL, {
    name: 'runfleet api',
    onUnavailable: (err) => logger.warn({ err }, 'waiting for Postgres'),
    signal,
  });
  const queue = openTaskQueue({
    url: config.REDIS_URL,
    onError: (err) => logger.debug({ err }, 'queue hint lost'),
  });
  const callbackJobs = openCallbackJobs({
    url: config.REDIS_URL,
    onError: (err) => logger.debug({ err }, 'callback job lost'),
  });
  const exportJobs = openExportJobs({
    url: config.REDIS_URL,
    onError: (err) => logger.debug({ err }, 'export job lost'),
  });
  const jobWatch = openJobWatch({
    url: config.REDIS_URL,
    onError: (err) => logger.debug({ err }, 'job queues cannot be read'),
  });
  const announcer = openAnnouncer({ url: config.REDIS_URL, logger });
  const store = openTaskStore({ db, queue, announce: (events) => announcer.announce(events) });
  const follower = openFollower({ db, url: config.REDIS_URL, logger });
  const metrics = createMetrics({ role: 'api' });
  const openWaits = metrics.gauge('runfleet_api_open_waits', 'Calls that wait for their task.');
  const limits = {
    waitMs: config.API_WAIT_SECONDS * 1_000,
    waitsMax: config.API_WAITS_MAX,
    perProject: config.API_WAITS_PER_PROJECT,
  };
  const waits = new TaskWaits(follower, limits, (count) => openWaits.set(count));
  const grammars = new GrammarReader({
    onFailure: (err) => logger.error({ err }, 'the thread that reads grammars failed'),
  });
  const pdfs = new PdfReader({
    onFailure: (err) => logger.error({ err }, 'the process that reads a PDF failed'),
  });
  const server = createApiServer();
  let catalogue: CatalogueCache | null = null;
  let callbacks: AsyncDisposable | null = null;
  let fileUpkeep: AsyncDisposable | null = null;
  let exports: AsyncDisposable | null = null;
  const dispose = async () => {
    waits.stop();
    if (server.listening) await stopListening(server);
    await Promise.all([grammars, pdfs].map((opened) => opened[Symbol.asyncDispose]()));
    await callbacks?.[Symbol.asyncDispose]();
    await fileUpkeep?.[Symbol.asyncDispose]();
    await exports?.[Symbol.asyncDispose]();
    await callbackJobs[Symbol.asyncDispose]();
    await exportJobs[Symbol.asyncDispose]();
    await jobWatch[Symbol.asyncDispose]();
    await follower[Symbol.asyncDispose]();
    await catalogue?.[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await Promise.all(
      [announcer, queue, db, storage].map((opened) => opened[Symbol.asyncDispose]()),
    );
  };

  try {
    catalogue = await CatalogueCache.open({ db, logger });
    const { url, origins } = await listen(server, { host: config.API_HOST, port: config.API_PORT });
    const ctx: ApiContext = {
      db,
      store,
      queue,
      callbackJobs,
      exportJobs,
      jobWatch,
      catalogue,
      masterKey,
      logger,
      metrics,
      storage,
      cache: new ProjectCache(),
      auth: createAuth({
        db,
        baseUrl: new URL(config.PUBLIC_API_URL).origin,
        secret: deriveSecret(masterKey, 'dashboard sessions'),
        trustedOrigins: [...origins, ...config.TRUSTED_ORIGINS],
        onLog: (line) => logger.debug(line, 'sign-in'),
      }),
      // Runs are accepted without Redis, so it is not part of this role's health.
      health: createHealth({
        checks: { database: () => checkDatabase(db) },
        metrics,
        logger,
      }),
      rates: new CallRates({
        address: config.API_CALLS_PER_SECOND_PER_ADDRESS,
        project: config.API_CALLS_PER_SECOND_PER_PROJECT,
      }),
      modelStatistics: rememberModelStatistics(db),
      contextTokens: rememberContextTokens(db),
      bodies: new ByteBudget(config.API_BUFFER_BYTES),
      grammars,
      pdfs,
      outbound: openOutbound({ openNetworks: config.OUTBOUND_NETWORKS }),
      waits,
      uploads: new OpenUploads({
        total: config.API_UPLOADS_MAX,
        perOrganisation: config.API_UPLOADS_PER_ORGANISATION,
      }),
      settings: settingsOf(config),
    };
    const { API_CALLBACKS_AT_ONCE: callbacksAtOnce, API_EXPORTS_AT_ONCE: exportsAtOnce } = config;
    if (callbacksAtOnce > 0) callbacks = startCallbacks(ctx, callbacksAtOnce);
    if (exportsAtOnce > 0) exports = startExports(ctx, exportsAtOnce);
    fileUpkeep = startFileUpkeep(ctx);
    serveRequests(server, createApi(ctx), {
      connectionsMax: config.API_CONNECTIONS_MAX,
      // Behind proxies, all connections come from the proxies.
      connectionsPerAddress: areDirect(trustedProxies(config))
        ? config.API_CONNECTIONS_PER_ADDRESS
        : 0,
      unreadBytes: config.API_BUFFER_BYTES,
    });
    logger.info({ url }, 'api listening');
    // Only processes that died leave any, so looking at each start is often enough.
    storage.deleteUnfinished(UNFINISHED_PUT_MS).catch((err: unknown) => {
      logger.warn({ err }, 'deletion of unfinished uploads failed');
    });
    return servedRole({
      url,
      server,
      health: ctx.health,
      noticeSeconds: config.STOP_NOTICE_SECONDS,
      close: dispose,
    });
  } catch (error) {
    await dispose();
    throw error;
  }
}

function settingsOf(config: ApiConfig): ApiSettings {
  return {
    bodyLimitBytes: config.BODY_LIMIT_BYTES,
    inputFileBytes: config.INPUT_FILE_BYTES,
    limits: { maxTokens: config.MAX_TOKENS_CAP, maxTimeoutSeconds: config.MAX_TIMEOUT_SECONDS },
    admission: compatibleAdmission,
    unknownLabels: config.UNKNOWN_LABELS,
    apiUrl: config.PUBLIC_API_URL,
    filesUrl: config.FILES_URL ?? config.PUBLIC_API_URL,
    fileLimits: {
      fileBytesMax: config.FILE_BYTES_MAX,
      quotaBytes: config.FILE_QUOTA_BYTES,
      quotaEntries: config.FILE_QUOTA_ENTRIES,
      keptDays: config.FILE_KEPT_DAYS,
    },
    socketUrl: config.PUBLIC_SOCKET_URL,
    dashboardDir: config.DASHBOARD_DIR ?? DASHBOARD_DIR,
    proxies: trustedProxies(config),
    openNetworks: config.OUTBOUND_NETWORKS,
  };
}
