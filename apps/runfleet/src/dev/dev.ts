/**
 * `npm start`: everything on this machine. Finds or starts a Postgres and a Redis, migrates, seeds,
 * builds the demo model and the dashboard, runs every role in this process and prints how to use it.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { migrateDb, openDb } from '@runfleet/db';
import { openMasterKey } from '@runfleet/identity';
import {
  bringPostgres,
  bringRedis,
  claimFolder,
  freePort,
  keepRunning,
  type LocalServer,
  loopbackHost,
  type StartedServer,
  urlHost,
} from '@runfleet/local-servers';
import { createLogger, loadConfig, Resources, runService, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

import { runWithUsage, UsageError } from '../cli/with-usage.ts';
import { homeSetting } from '../home-setting.ts';
import { noteServed } from '../model/served-model.ts';
import { banner, type DevStarted } from './banner.ts';
import { buildDashboard } from './build-dashboard.ts';
import { chooseModel } from './choose-model.ts';
import { type DevFile, readCredentials, writeCredentials, writeDevFile } from './dev-file.ts';
import { nameNextStep } from './name-next-step.ts';
import { Progress } from './progress.ts';
import { runPrompt } from './run-prompt.ts';
import { seed } from './seed.ts';
import { describeStart, readStartTimes } from './start-times.ts';

const API_PORT = 3100;
const DRAIN_SECONDS = '2';
/** A server that is gone delays the stop of the roles; the servers' watchers stop what is left. */
const GRACE_MS = 10_000;
// The variables that curl reads for an http URL.
const PROXY_NAMES = ['http_proxy', 'all_proxy', 'ALL_PROXY'];

const devConfig = z.object({
  DATABASE_URL: z.string().optional().describe('Use this Postgres instead of starting one.'),
  REDIS_URL: z.string().optional().describe('Use this Redis instead of starting one.'),
  RUNFLEET_HOME: homeSetting,
  MODEL_DIR: z.string().optional().describe('A model folder to serve instead of the demo model.'),
  WORKER_MODEL: z
    .string()
    .optional()
    .describe('The model of the catalogue that the folder is served as.'),
  ENGINE: z.enum(['onnx', 'echo']).default('onnx').describe('The engine that runs the model.'),
  LOG_LEVEL: sharedSettings.LOG_LEVEL.default('warn'),
});

const USAGE = `runfleet dev [--ephemeral] [--prompt TEXT]

  --ephemeral     uses a temporary folder, keeps nothing and does not touch kept data
  --prompt TEXT   runs one prompt through the whole system, then exits

Finds or starts a Postgres and a Redis and runs every role, as \`npm start\` does. RUNFLEET_HOME is the folder for data;
DATABASE_URL, REDIS_URL and MODEL_DIR name servers and a model to use instead.
`;

export function dev(args: readonly string[]): Promise<void> {
  return runWithUsage(USAGE, args, runEverything);
}

async function runEverything(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { ephemeral: { type: 'boolean', default: false }, prompt: { type: 'string' } },
  });
  if (values.prompt?.trim() === '') throw new UsageError('--prompt needs a text.');
  const config = loadConfig(devConfig);

  await runService({
    role: 'runfleet',
    graceMs: GRACE_MS,
    // `main.ts` prints why a start failed, once, as text; this logs what ends a running one.
    logger: createLogger({ role: 'runfleet', level: 'fatal', pretty: true }),
    start: () =>
      Resources.opening(async (resources) => {
        const started = await bringUp(resources, config, values.ephemeral).catch(
          (error: unknown) => {
            const isDatabaseGiven = config.DATABASE_URL !== undefined;
            throw nameNextStep(error, { home: config.RUNFLEET_HOME, isDatabaseGiven });
          },
        );
        if (values.prompt === undefined) {
          process.stdout.write(banner(started));
        } else {
          await runPrompt(started.dev, { ...started, prompt: values.prompt });
          // Nothing else to do: stop in the same way as on a signal.
          process.kill(process.pid, 'SIGTERM');
        }
        return resources;
      }),
  });
}

async function bringUp(
  resources: Resources,
  config: z.infer<typeof devConfig>,
  ephemeral: boolean,
): Promise<DevStarted> {
  const times = readStartTimes(process.env, {
    timeOrigin: performance.timeOrigin,
    sinceMs: performance.now(),
  });
  const progress = new Progress();
  const home = config.RUNFLEET_HOME;
  await mkdir(home, { recursive: true, mode: 0o700 });
  const dataHome = ephemeral ? await mkdtemp(join(tmpdir(), 'runfleet-')) : home;
  if (ephemeral) resources.defer(() => rm(dataHome, { recursive: true, force: true }));
  else {
    // One claim covers the whole home, so that of two starts at once exactly one continues.
    const claim = await claimFolder(home, { stopSignal: 'SIGTERM', onProgress: () => {} });
    resources.defer(() => claim.release());
  }

  const logger = createLogger({ role: 'runfleet', level: config.LOG_LEVEL, pretty: true });
  const keepServer = <Server extends LocalServer | StartedServer>(server: Server, name: string) => {
    resources.use(server);
    if ('restart' in server) {
      const onRestart = () => logger.warn(`${name} has exited and is started again`);
      // Its rejection is an uncaught error, which stops the roles and is printed last.
      void keepRunning(server, { name, onRestart });
    }
    return server;
  };

  const steps = [
    progress.step(
      'Postgres',
      (onProgress) =>
        bringPostgres({
          ...(config.DATABASE_URL === undefined ? {} : { givenUrl: config.DATABASE_URL }),
          dataDir: join(dataHome, 'postgres'),
          ephemeral,
          onProgress,
        }).then((server) => keepServer(server, 'Postgres')),
      (server) => server.how,
    ),
    progress.step(
      'Redis',
      (onProgress) =>
        bringRedis({
          ...(config.REDIS_URL === undefined ? {} : { givenUrl: config.REDIS_URL }),
          dataDir: join(dataHome, 'redis'),
          ephemeral,
          onProgress,
        }).then((server) => keepServer(server, 'Redis')),
      (server) => server.how,
    ),
    chooseModel(config, progress),
    progress.step('Dashboard', buildDashboard, (isBuilt) => (isBuilt ? 'built' : 'up to date')),
    // This loads most of the code while the servers start.
    import('../roles.ts'),
  ] as const;
  // Wait for all before reporting a failure, so that nothing starts or prints after it.
  await Promise.allSettled(steps);
  const [postgres, redis, model, , { ROLE_NAMES, startRoles }] = await Promise.all(steps);
  resources.use(await noteServed(home, model.dir));
  await progress.step('Schema', () => migrateDb(postgres.url));

  const masterKeyFile = join(dataHome, 'master.key');
  const credentials = await progress.step('Demo organisation', async () => {
    await using db = await openDb(postgres.url, { connections: 2 });
    const masterKey = await openMasterKey({ file: masterKeyFile });
    const seeded = await seed({ db, masterKey }, await readCredentials(dataHome));
    await writeCredentials(dataHome, seeded);
    return seeded;
  });

  const host = await loopbackHost();
  const apiPort = await freePort(API_PORT);
  const gatewayPort = await freePort(apiPort + 1);
  const env = {
    MASTER_KEY_FILE: masterKeyFile,
    STORAGE_DIR: join(dataHome, 'storage'),
    WORKER_DRAIN_SECONDS: DRAIN_SECONDS,
    // No load balancer has to notice the stop.
    STOP_NOTICE_SECONDS: '0',
    ...process.env,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    MODEL_DIR: model.dir,
    WORKER_MODEL: model.model,
    API_HOST: host,
    API_PORT: String(apiPort),
    GATEWAY_HOST: host,
    BROKER_HOST: host,
    WORKER_HOST: host,
    GATEWAY_PORT: String(gatewayPort),
    PUBLIC_API_URL: `http://${urlHost(host)}:${apiPort}/v1`,
    PUBLIC_SOCKET_URL: `ws://${urlHost(host)}:${gatewayPort}/v1`,
    BROKER_PORT: '0',
    WORKER_PORT: '0',
  };
  await progress.step('Roles', async () =>
    resources.use(
      await startRoles(ROLE_NAMES, env, {
        loggerOf: (role) => createLogger({ role, level: config.LOG_LEVEL, pretty: true }),
      }),
    ),
  );

  const summary = describeStart(times, (label) => progress.tookMs(label), Date.now());
  process.stderr.write(`${summary}\n`);

  const file: DevFile = {
    apiUrl: env.PUBLIC_API_URL,
    socketUrl: env.PUBLIC_SOCKET_URL,
    dashboardUrl: `http://${urlHost(host)}:${apiPort}/`,
    apiKey: credentials.apiKey,
    apiSecret: credentials.apiSecret,
    projectId: credentials.projectId,
    adminEmail: credentials.adminEmail,
    adminPassword: credentials.adminPassword,
    databaseUrl: postgres.url,
    redisUrl: redis.url,
  };
  return {
    dev: file,
    devPath: await writeDevFile(dataHome, file),
    ephemeralHome: ephemeral ? dataHome : null,
    isProxied: PROXY_NAMES.some((name) => process.env[name]),
    model: model.model,
    engine: model.description,
  };
}
