import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bringPostgres, bringRedis } from '@runfleet/local-servers';
import { Redis } from 'ioredis';
import postgres from 'postgres';

import { parentOf } from './cpu-time.ts';

/** The Postgres and the Redis that the systems of the run use in turn. */
export type Servers = AsyncDisposable & {
  /** For the systems' files; removed when the benchmark ends. */
  folder: string;
  postgresPid: number;
  redisPid: number;
  versions: { postgres: string; redis: string };
  /** The servers' settings that determine the cost of a commit. */
  durability: string;
  databaseUrl(name: string): string;
  redisUrl(index: number): string;
  /** A new, empty database, or a copy of `template`. */
  createDatabase(name: string, template?: string): Promise<void>;
  /** Empties a Redis database and writes Postgres's dirty pages, so that no system pays for another. */
  settle(redisIndex: number): Promise<void>;
};

/**
 * Starts servers for the benchmark. They are not ephemeral, since ephemeral servers run without fsync: every
 * commit reaches the disk, for Runfleet and for the peers.
 */
export async function bringServers(onProgress: (step: string) => void): Promise<Servers> {
  const folder = await mkdtemp(join(tmpdir(), 'runfleet-bench-'));
  // Also runs after a signal. The servers exit when their folder is gone.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  // A Postgres started by root runs as another user, which must enter the folder.
  await chmod(folder, 0o711);
  const options = { ephemeral: false, onProgress };
  const postgresServer = await bringPostgres({ ...options, dataDir: join(folder, 'postgres') });
  const redisServer = await bringRedis({ ...options, dataDir: join(folder, 'redis') });
  const sql = postgres(postgresServer.url, { max: 1, onnotice: () => {} });
  const redis = new Redis(redisServer.url);

  const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const [settings] = await sql<Record<'version' | 'fsync' | 'commit' | 'buffers', string>[]>`
    select current_setting('server_version') as version, current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as commit, current_setting('shared_buffers') as buffers`;
  const redisInfo = await redis.info('server');
  if (!backend || !settings) throw new Error('Postgres did not report its settings.');
  const aof = await redis.config('GET', 'appendonly');
  const aofSync = await redis.config('GET', 'appendfsync');

  return {
    folder,
    postgresPid: parentOf(backend.pid),
    redisPid: Number(field(redisInfo, 'process_id')),
    versions: { postgres: settings.version, redis: field(redisInfo, 'redis_version') },
    durability:
      `Postgres fsync ${settings.fsync}, synchronous_commit ${settings.commit}, ` +
      `shared_buffers ${settings.buffers}; Redis append-only file ${lastOf(aof)}, ` +
      `appendfsync ${lastOf(aofSync)}`,
    databaseUrl: (name) => withPath(postgresServer.url, name),
    redisUrl: (index) => withPath(redisServer.url, String(index)),
    async createDatabase(name, template) {
      await sql`drop database if exists ${sql(name)} with (force)`;
      if (template === undefined) await sql`create database ${sql(name)}`;
      else await sql`create database ${sql(name)} template ${sql(template)}`;
    },
    async settle(redisIndex) {
      await redis.select(redisIndex);
      await redis.flushdb();
      await sql`checkpoint`;
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      await sql.end({ timeout: 5 });
      await redisServer[Symbol.asyncDispose]();
      await postgresServer[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A name that no earlier run has used. */
export const newName = (stem: string): string => `${stem}_${randomUUID().slice(0, 8)}`;

function withPath(url: string, path: string): string {
  const changed = new URL(url);
  changed.pathname = `/${path}`;
  return changed.href;
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? '';
}

function lastOf(answer: unknown): string {
  if (Array.isArray(answer)) return String(answer.at(-1));
  // RESP3 answers with a map.
  return String(Object.values(answer as object).at(-1));
}
