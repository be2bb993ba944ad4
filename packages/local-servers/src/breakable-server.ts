import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { StartedServer, StartOptions } from './local-server.ts';
import { startPostgres } from './start-postgres.ts';
import { startRedis } from './start-redis.ts';

/** A server for failure tests. It keeps its URL across crashes and restarts. */
export type BreakableServer = AsyncDisposable & {
  url: string;
  /** Kills it, as in a crash. */
  kill(): Promise<void>;
  /** Stops it if it is running, and starts it again, with its data or empty. */
  restart(options: { empty: boolean }): Promise<void>;
  /** Suspends its process until `resume`; the operating system still accepts connections for it. */
  pause(): void;
  resume(): void;
};

// Below the range for outgoing connections, one of which could take the server's port while the
// server is down.
const PORT_MIN = 12_000;
const PORT_MAX = 28_000;

/** Starts a Redis in a new folder below `parent` that keeps its data over a restart (append-only file). */
export function startBreakableRedis(parent: string): Promise<BreakableServer> {
  return startBreakable('redis', parent, startRedis);
}

/** Starts a Postgres with an empty database in a new folder below `parent`; it keeps its data over a restart. */
export function startBreakablePostgres(parent: string): Promise<BreakableServer> {
  return startBreakable('postgres', parent, startPostgres);
}

async function startBreakable(
  name: string,
  parent: string,
  start: (options: StartOptions) => Promise<StartedServer>,
): Promise<BreakableServer> {
  const folder = await mkdtemp(join(parent, `${name}-`));
  // A Postgres started by root runs as another user, which must be able to enter the folder.
  await chmod(folder, 0o711);
  const options = { dataDir: join(folder, name), ephemeral: false, onProgress: () => {} };
  let server = await start({ ...options, port: randomInt(PORT_MIN, PORT_MAX) });
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
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      server.signal('SIGCONT');
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
