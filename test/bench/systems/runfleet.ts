import { join } from 'node:path';

import { deposit } from '@runfleet/billing';
import { connectDb, type Db, migrateDb } from '@runfleet/db';
import {
  createOrganisation,
  createProject,
  createUser,
  type MasterKey,
  openMasterKey,
} from '@runfleet/identity';
import { freePort } from '@runfleet/local-servers';
import { parseUsd } from '@runfleet/protocol';
import type postgres from 'postgres';

import type { Project } from '../load/run-client.ts';
import { RunningProcesses } from './running-processes.ts';
import { newName, type Servers } from './servers.ts';
import type { SystemProcess } from './system-process.ts';
import {
  openTaskCounts,
  type RunningSystem,
  type System,
  TENANTS,
  WORKER_SLOTS,
} from './system.ts';

const REDIS_INDEX = 1;
const DEPOSIT_USD = '1000000';

/** A tenant's ids in the database, for measurements below the HTTP surface. */
export type Tenant = { organisationId: string; projectId: string; ownerId: string };

export type RunfleetSetup = {
  /** The migrated and seeded database that each start copies. */
  template: string;
  masterKeyFile: string;
  projects: readonly Project[];
  tenants: readonly Tenant[];
};

export type RunfleetEngine = { ENGINE: 'echo' } | { ENGINE: 'onnx'; MODEL_DIR: string };

type Role = 'api' | 'broker' | 'gateway' | 'worker';

export type RunningRunfleet = RunningSystem & {
  databaseUrl: string;
  redisUrl: string;
  redisIndex: number;
  sql: postgres.Sql;
  /** Starts one more process of a role, on its own port. */
  startRole(
    role: Role,
    options?: { name?: string; environment?: Record<string, string> },
  ): Promise<SystemProcess>;
};

export async function setUpRunfleet(servers: Servers): Promise<RunfleetSetup> {
  const template = newName('runfleet');
  await servers.createDatabase(template);
  const url = servers.databaseUrl(template);
  await migrateDb(url);
  const masterKeyFile = join(servers.folder, 'master.key');
  const masterKey = await openMasterKey({ file: masterKeyFile });
  await using db = connectDb(url, { connections: 1 });
  const { userId: ownerId } = await createUser(
    { db },
    {
      email: 'bench@example.org',
      name: 'Bench',
      password: newName('bench-owner'),
      isOperator: false,
    },
  );
  const projects: Project[] = [];
  const tenants: Tenant[] = [];
  for (let number = 1; number <= TENANTS; number += 1) {
    const tenant = await createTenant({ db, masterKey }, ownerId, number);
    projects.push(tenant.project);
    tenants.push(tenant.tenant);
  }
  return { template, masterKeyFile, projects, tenants };
}

async function createTenant(
  ctx: { db: Db; masterKey: MasterKey },
  ownerId: string,
  number: number,
): Promise<{ project: Project; tenant: Tenant }> {
  const name = `Tenant ${number}`;
  const { organisationId } = await createOrganisation(ctx, { name });
  const businessKey = `bench:${organisationId}`;
  await deposit(ctx, { organisationId, amount: parseUsd(DEPOSIT_USD), businessKey });
  const created = await createProject(ctx, {
    organisationId,
    ownerId,
    name,
    authType: 'signature',
  });
  const { projectId, apiKey, apiSecret } = created;
  return {
    project: { tenant: name, apiKey, apiSecret: apiSecret ?? '' },
    tenant: { organisationId, projectId, ownerId },
  };
}

/** Runfleet as it is deployed, with one process per role. */
export function runfleet(
  servers: Servers,
  setup: RunfleetSetup,
  options: { engine: RunfleetEngine; slots?: number; profileFolder: string | undefined },
): Omit<System, 'start'> & { start(): Promise<RunningRunfleet> } {
  const { engine, slots = WORKER_SLOTS, profileFolder } = options;
  return {
    name: 'runfleet',
    label: 'Runfleet',
    async start() {
      const database = newName('runfleet_run');
      await servers.createDatabase(database, setup.template);
      await servers.settle(REDIS_INDEX);
      const counts = openTaskCounts(servers, database, {
        accepted: 'queued_at',
        started: 'started_at',
        finished: 'postprocess_ended_at',
        succeeded: `pexit = '0'`,
        history: 'task_cancel',
      });
      const ports = await takePorts();
      const processes = new RunningProcesses({
        logFolder: servers.folder,
        profileFolder,
        environment: {
          ...ports,
          ...engine,
          DATABASE_URL: servers.databaseUrl(database),
          REDIS_URL: servers.redisUrl(REDIS_INDEX),
          LOG_LEVEL: 'warn',
          MASTER_KEY_FILE: setup.masterKeyFile,
          STORAGE_DIR: join(servers.folder, 'storage'),
          WORKER_SLOTS: String(slots),
          WORKER_DRAIN_SECONDS: '1',
          // Sockets are opened before the measurement and stay silent until then.
          GATEWAY_REGISTER_SECONDS: '3600',
          STOP_NOTICE_SECONDS: '0',
        },
      });
      const startOn = (
        role: Role,
        options: { name?: string; port: string; environment?: Record<string, string> },
      ) =>
        processes.start({
          name: options.name ?? role,
          script: 'apps/runfleet/src/main.ts',
          args: ['start', '--roles', role],
          environment: options.environment ?? {},
          readyUrl: `http://127.0.0.1:${options.port}/readyz`,
        });

      await startOn('api', { port: ports.API_PORT });
      return {
        databaseUrl: servers.databaseUrl(database),
        redisUrl: servers.redisUrl(REDIS_INDEX),
        redisIndex: REDIS_INDEX,
        sql: counts.sql,
        async startRole(role, { name, environment = {} } = {}) {
          // Clients use the fixed ports of the first api and gateway; no client needs a broker's or worker's.
          const port = role === 'gateway' ? ports.GATEWAY_PORT : String(await freePort(0));
          return startOn(role, {
            ...(name === undefined ? {} : { name }),
            port,
            environment: { ...environment, [`${role.toUpperCase()}_PORT`]: port },
          });
        },
        tasks: counts,
        processes: processes.all,
        target: {
          apiUrl: `http://127.0.0.1:${ports.API_PORT}`,
          socketUrl: `ws://127.0.0.1:${ports.GATEWAY_PORT}/v1`,
          projects: setup.projects,
        },
        async startFleet() {
          await counts.sql`update tasks set queued_in = null`;
          await counts.sql`update accounts set held = 0, active_tasks = 0`;
          await counts.makeHistory();
          await servers.settle(REDIS_INDEX);
          await Promise.all([
            startOn('gateway', { port: ports.GATEWAY_PORT }),
            startOn('broker', { port: ports.BROKER_PORT }),
            startOn('worker', { port: ports.WORKER_PORT }),
          ]);
        },
        async [Symbol.asyncDispose]() {
          await processes[Symbol.asyncDispose]();
          await counts.sql.end({ timeout: 5 });
        },
      };
    },
  };
}

async function takePorts() {
  return {
    API_PORT: String(await freePort(0)),
    GATEWAY_PORT: String(await freePort(0)),
    BROKER_PORT: String(await freePort(0)),
    WORKER_PORT: String(await freePort(0)),
  };
}
