/** A complete Runfleet of real processes, for tests that cross them. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { deposit } from '@runfleet/billing';
import { RunfleetClient } from '@runfleet/client';
import { type Db, migrateDb, openDb } from '@runfleet/db';
import { buildModelFolder } from '@runfleet/engine';
import {
  addMember,
  createOrganisation,
  createProject,
  createUser,
  openMasterKey,
} from '@runfleet/identity';
import { freePort, startBreakablePostgres, startBreakableRedis } from '@runfleet/local-servers';
import { parseUsd, rawOf, type TaskFrame } from '@runfleet/protocol';
import { Resources } from '@runfleet/service';
import WebSocket from 'ws';

import { MAIN, REPOSITORY, type Role, RoleProcess } from './role-process.ts';

const execute = promisify(execFile);

export const MODEL = 'microsoft/Phi-3.5-mini-instruct';
const TINY_MODEL_DIR = join(tmpdir(), 'runfleet-e2e-tiny-model');

export type FleetOptions = {
  databaseUrl: string;
  redisUrl: string;
  roles?: { api?: number; broker?: number; gateway?: number; worker?: number };
  engine?: 'echo' | 'tiny';
  /** Settings for every role. */
  env?: Readonly<Record<string, string>>;
};

export type Key = { apiKey: string; apiSecret: string; organisationId: string; projectId: string };

export class Fleet implements AsyncDisposable {
  readonly db: Db;
  readonly key: Key;
  readonly api: RoleProcess[];
  readonly broker: RoleProcess[];
  readonly gateway: RoleProcess[];
  readonly worker: RoleProcess[];
  readonly #home: string;
  readonly #env: Record<string, string>;
  readonly #servers = new Resources();

  private constructor(parts: {
    db: Db;
    key: Key;
    home: string;
    env: Record<string, string>;
    processes: RoleProcess[];
  }) {
    const named = (name: string) => parts.processes.filter((role) => role.name === name);
    this.db = parts.db;
    this.key = parts.key;
    this.#home = parts.home;
    this.#env = parts.env;
    this.api = named('api');
    this.broker = named('broker');
    this.gateway = named('gateway');
    this.worker = named('worker');
  }

  /** Starts one process of each role unless `roles` sets a number. The database must be migrated. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const home = await mkdtemp(join(tmpdir(), 'runfleet-e2e-'));
    const masterKeyFile = join(home, 'master.key');
    const apiPort = await freePort(0);
    const isTiny = options.engine === 'tiny';
    const modelDir = isTiny ? (await buildModelFolder(TINY_MODEL_DIR)).dir : '';
    const env = {
      DATABASE_URL: options.databaseUrl,
      REDIS_URL: options.redisUrl,
      MASTER_KEY_FILE: masterKeyFile,
      STORAGE_DIR: join(home, 'storage'),
      PUBLIC_API_URL: `http://127.0.0.1:${apiPort}/v1`,
      ENGINE: isTiny ? 'onnx' : 'echo',
      MODEL_DIR: modelDir,
      ENGINE_THREADS: '1',
      LOG_LEVEL: 'info',
      STOP_NOTICE_SECONDS: '0',
      ...options.env,
    };
    const db = await openDb(options.databaseUrl, { connections: 4 });
    const key = await createKey(db, masterKeyFile, '1000');
    const counts = { api: 1, broker: 1, gateway: 1, worker: 1, ...options.roles };
    const results = await Promise.allSettled(
      (Object.keys(counts) as (keyof typeof counts)[]).flatMap((role) =>
        Array.from({ length: counts[role] }, (_, index) =>
          RoleProcess.start(role, env, {
            port: role === 'api' && index === 0 ? apiPort : undefined,
          }),
        ),
      ),
    );
    const processes = results.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value] : [],
    );
    const fleet = new Fleet({ db, key, home, env, processes });
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      await fleet[Symbol.asyncDispose]();
      throw failed.reason;
    }
    return fleet;
  }

  /** As `start`, with a Postgres and a Redis of its own, whose files are in `folder`. */
  static startWithServers(
    folder: string,
    options: Omit<FleetOptions, 'databaseUrl' | 'redisUrl'> = {},
  ): Promise<Fleet> {
    return Resources.opening(async (servers) => {
      const postgres = servers.use(await startBreakablePostgres(folder));
      const redis = servers.use(await startBreakableRedis(folder));
      await migrateDb(postgres.url);
      const urls = { databaseUrl: postgres.url, redisUrl: redis.url };
      const fleet = await Fleet.start({ ...urls, ...options });
      fleet.#servers.use(servers);
      return fleet;
    });
  }

  /** Adds a process, to scale out or to replace a killed one. */
  async add(
    role: Role,
    env = {},
    options: { logPath?: string; port?: number } = {},
  ): Promise<RoleProcess> {
    const started = await RoleProcess.start(role, { ...this.#env, ...env }, options);
    this[role].push(started);
    return started;
  }

  createKey(usd = '1000'): Promise<Key> {
    return createKey(this.db, this.#env['MASTER_KEY_FILE'] ?? '', usd);
  }

  /** Runs `runfleet` with these arguments on this fleet, and returns its output. */
  async command(...args: string[]): Promise<string> {
    const { stdout } = await execute(process.execPath, ['--import', 'tsx', MAIN, ...args], {
      cwd: REPOSITORY,
      env: { ...process.env, ...this.#env },
    });
    return stdout;
  }

  apiUrl(index = 0): string {
    return `${this.api[index]?.url}/v1`;
  }

  socketUrl(index = 0): string {
    return `${this.gateway[index]?.url.replace('http', 'ws')}/v1`;
  }

  client(options: { api?: number; gateway?: number; key?: Key } = {}): RunfleetClient {
    const { apiKey, apiSecret } = options.key ?? this.key;
    return new RunfleetClient({
      apiUrl: this.apiUrl(options.api),
      socketUrl: this.socketUrl(options.gateway),
      apiKey,
      apiSecret,
      webSocket: WebSocket,
    });
  }

  /** The task's log in Postgres, in order. */
  async log(taskId: string): Promise<{ seq: number; epoch: number; type: string; at: bigint }[]> {
    return this.db.sql`
      select seq, epoch, type, at from task_events where task_id = ${taskId} order by seq`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const processes = [...this.api, ...this.gateway, ...this.worker, ...this.broker];
    const stops = await Promise.allSettled(processes.map((role) => role.stop()));
    await this.db[Symbol.asyncDispose]();
    await this.#servers[Symbol.asyncDispose]();
    await rm(this.#home, { recursive: true, force: true });
    for (const stop of stops) if (stop.status === 'rejected') throw stop.reason;
  }
}

/** Follows a task as a delta client must: it drops the text of an abandoned attempt. */
export async function followText(
  frames: AsyncIterable<TaskFrame>,
): Promise<{ text: string; types: string[]; frames: TaskFrame[] }> {
  let text = '';
  const received: TaskFrame[] = [];
  for await (const frame of frames) {
    received.push(frame);
    if (frame.type === 'task_queue') text = '';
    if (frame.type === 'task_output') text += rawOf(frame) ?? '';
  }
  return { text, types: received.map((frame) => frame.type), frames: received };
}

async function createKey(db: Db, masterKeyFile: string, usd: string): Promise<Key> {
  const masterKey = await openMasterKey({ file: masterKeyFile });
  const { organisationId } = await createOrganisation({ db }, { name: 'A tenant' });
  const { userId } = await createUser(
    { db },
    {
      email: `owner-${organisationId}@example.org`,
      name: 'An owner',
      password: 'a long password',
      isOperator: false,
    },
  );
  await addMember({ db }, { organisationId, userId, role: 'owner' });
  await deposit(
    { db },
    { organisationId, amount: parseUsd(usd), businessKey: `test:${organisationId}` },
  );
  const project = await createProject(
    { db, masterKey },
    { organisationId, ownerId: userId, name: 'A project', authType: 'signature' },
  );
  return {
    organisationId,
    projectId: project.projectId,
    apiKey: project.apiKey,
    apiSecret: project.apiSecret ?? '',
  };
}
