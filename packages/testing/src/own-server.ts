import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { startPostgres, startRedis } from '@runfleet/local-servers';
import type { StartedServer, StartOptions } from '@runfleet/local-servers';
import { inject } from 'vitest';

import './provided.ts';

/** A server that one test may break. It stays at the same URL whatever happens to it. */
export type OwnServer = AsyncDisposable & {
  url: string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Stops it if it runs, and starts it again: with its data, or with none. */
  restart(options: { empty: boolean }): Promise<void>;
};

/** A Redis for one test alone, which keeps its data over a restart (an append-only file). */
export function startOwnRedis(): Promise<OwnServer> {
  return startOwn('redis', startRedis);
}

/** A Postgres for one test alone, with an empty database, which keeps its data over a restart. */
export function startOwnPostgres(): Promise<OwnServer> {
  return startOwn('postgres', startPostgres);
}

async function startOwn(
  name: string,
  start: (options: StartOptions) => Promise<StartedServer>,
): Promise<OwnServer> {
  const folder = await mkdtemp(join(inject('runFolder'), `${name}-`));
  // A Postgres started by root passes through it as another user.
  await chmod(folder, 0o711);
  const options = { dataDir: join(folder, name), ephemeral: false, onProgress: () => {} };
  let server = await start(options);
  const { url, dataPath } = server;

  return {
    url,
    kill: () => server.kill(),
    restart: async ({ empty }) => {
      await server[Symbol.asyncDispose]();
      if (empty) await rm(dataPath, { recursive: true, force: true });
      server = await start({ ...options, port: Number(new URL(url).port) });
      if (server.url !== url) throw new Error(`The port of ${name} was taken while it was down.`);
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
