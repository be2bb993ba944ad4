import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { freePort } from '@runfleet/local-servers';
import postgres from 'postgres';

import { RunningProcesses } from './running-processes.ts';
import { newName, type Servers } from './servers.ts';
import { openTaskCounts, type System, type SystemName, TENANTS, WORKER_SLOTS } from './system.ts';

type Peer = {
  label: string;
  redisIndex: number;
  schema: string;
  api: string;
  worker: string;
  gateway: string;
  started: string | null;
  succeeded: string;
};

const PEERS = {
  n1: {
    label: 'N1',
    redisIndex: 2,
    schema: 'n1/schema.sql',
    api: 'n1/api.ts',
    worker: 'n1/worker.ts',
    gateway: 'n1/gateway.ts',
    started: null,
    succeeded: `status = 'done'`,
  },
  'n1-batched': {
    label: 'N1 batched',
    redisIndex: 3,
    schema: 'n1/schema.sql',
    api: 'n1-batched/api.ts',
    worker: 'n1-batched/worker.ts',
    gateway: 'n1/gateway.ts',
    started: null,
    succeeded: `status = 'done'`,
  },
  n2: {
    label: 'N2',
    redisIndex: 4,
    schema: 'n2/schema.sql',
    api: 'n2/api.ts',
    worker: 'n2/worker.ts',
    gateway: 'n2/gateway.ts',
    started: 'started_at',
    succeeded: `status = 'task_postprocess_end'`,
  },
} as const satisfies Partial<Record<SystemName, Peer>>;

const FOLDER = 'test/bench/peers';

const projects = Array.from({ length: TENANTS }, (_, index) => ({
  tenant: `Tenant ${index + 1}`,
  apiKey: randomUUID(),
  apiSecret: randomUUID(),
}));

/** A peer with three processes: api, worker and gateway. */
export function peer(
  servers: Servers,
  name: keyof typeof PEERS,
  options: { profileFolder: string | undefined },
): System {
  const { label, redisIndex, schema, started, succeeded, ...scripts } = PEERS[name];
  return {
    name,
    label,
    async start() {
      const database = newName(name.replace('-', '_'));
      await createDatabase(servers, database, schema);
      await servers.settle(redisIndex);
      const counts = openTaskCounts(servers, database, {
        accepted: 'created_at',
        started,
        finished: 'finished_at',
        succeeded,
        history: 'history',
      });
      const apiPort = String(await freePort(0));
      const gatewayPort = String(await freePort(0));
      const processes = new RunningProcesses({
        logFolder: servers.folder,
        profileFolder: options.profileFolder,
        environment: {
          DATABASE_URL: servers.databaseUrl(database),
          REDIS_URL: servers.redisUrl(redisIndex),
          API_PORT: apiPort,
          GATEWAY_PORT: gatewayPort,
          WORKER_SLOTS: String(WORKER_SLOTS),
          PROJECTS: JSON.stringify(projects),
        },
      });
      const startPart = (part: keyof typeof scripts) =>
        processes.start({ name: part, script: `${FOLDER}/${scripts[part]}` });

      await startPart('api');
      return {
        tasks: counts,
        processes: processes.all,
        target: {
          apiUrl: `http://127.0.0.1:${apiPort}`,
          socketUrl: `ws://127.0.0.1:${gatewayPort}/v1`,
          projects,
        },
        async startFleet() {
          await counts.makeHistory();
          await servers.settle(redisIndex);
          await Promise.all([startPart('gateway'), startPart('worker')]);
        },
        async [Symbol.asyncDispose]() {
          await processes[Symbol.asyncDispose]();
          await counts.sql.end({ timeout: 5 });
        },
      };
    },
  };
}

async function createDatabase(servers: Servers, name: string, schema: string): Promise<void> {
  await servers.createDatabase(name);
  const sql = postgres(servers.databaseUrl(name), { max: 1, onnotice: () => {} });
  await sql.unsafe(await readFile(new URL(`../peers/${schema}`, import.meta.url), 'utf8'));
  if (schema.startsWith('n2/')) {
    const accounts = projects.map(({ tenant }) => ({ tenant, balance: '1000000' }));
    await sql`insert into accounts ${sql(accounts)}`;
  }
  await sql.end();
}
