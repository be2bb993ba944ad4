import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { StartedServer, StartOptions } from './local-server.ts';
import { startPostgres } from './start-postgres.ts';
import { startRedis } from './start-redis.ts';

/** A server that may be broken at will. It stays at the same URL whatever happens to it. */
export type BreakableServer = AsyncDisposable & {
  url: string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Stops it if it runs, and starts it again: with its data, or with none. */
  restart(options: { empty: boolean }): Promise<void>;
  /** Its process does nothing until `resume`; the system still takes connections for it. */
  pause(): void;
  resume(): void;
};

// Below the ports that systems give to outgoing connections, one of which could hold the server's
// port while it is down.
const PORT_MIN = 12_000;
const PORT_MAX = 28_000;

/** A Redis in a folder of its own below `parent`, which keeps its data over a restart (an append-only file). */
export function startBreakableRedis(parent: string): Promise<BreakableServer> {
  return startBreakable('redis', parent, startRedis);
}

/** A Postgres in a folder of its own below `parent`, with an empty database, which keeps its data over a restart. */
export function startBreakablePostgres(parent: string): Promise<BreakableServer> {
  return startBreakable('postgres', parent, startPostgres);
}

async function startBreakable(
  name: string,
  parent: string,
  start: (options: StartOptions) => Promise<StartedServer>,
): Promise<BreakableServer> {
  const folder = await mkdtemp(join(parent, `${name}-`));
  // A Postgres started by root passes through it as another user.
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
