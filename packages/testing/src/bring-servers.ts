import { join } from 'node:path';

import { bringPostgres, bringRedis } from '@runfleet/local-servers';
import type { BringOptions, LocalServer } from '@runfleet/local-servers';

/**
 * The servers for a test run: those of `TEST_DATABASE_URL` and `TEST_REDIS_URL` (else
 * `DATABASE_URL` and `REDIS_URL`), else started from installed programs, else in containers.
 */
export async function bringServers(
  stateFolder: string,
): Promise<{ postgres: LocalServer; redis: LocalServer }> {
  const { env } = process;
  const starts = await Promise.allSettled([
    bringOne(
      bringPostgres,
      { givenUrl: env['TEST_DATABASE_URL'] ?? env['DATABASE_URL'], name: 'postgres', stateFolder },
      async () => (await containers()).startPostgresContainer(),
    ),
    bringOne(
      bringRedis,
      { givenUrl: env['TEST_REDIS_URL'] ?? env['REDIS_URL'], name: 'redis', stateFolder },
      async () => (await containers()).startRedisContainer(),
    ),
  ]);

  const [postgres, redis] = starts;
  if (postgres.status === 'fulfilled' && redis.status === 'fulfilled') {
    return { postgres: postgres.value, redis: redis.value };
  }
  // A server that did start would outlive the run.
  const reasons: string[] = [];
  for (const start of starts) {
    if (start.status === 'fulfilled') await start.value[Symbol.asyncDispose]();
    else reasons.push(start.reason instanceof Error ? start.reason.message : String(start.reason));
  }
  throw new Error(reasons.join('\n'));
}

/** Loaded on demand: the libraries take half a second to load. */
const containers = () => import('./containers.ts');

async function bringOne(
  bring: (options: BringOptions) => Promise<LocalServer>,
  server: { givenUrl: string | undefined; name: string; stateFolder: string },
  startContainer: () => Promise<LocalServer | undefined>,
): Promise<LocalServer> {
  const { givenUrl } = server;
  try {
    return await bring({
      ...(givenUrl && { givenUrl }),
      dataDir: join(server.stateFolder, server.name),
      ephemeral: true,
      onProgress: () => {},
    });
  } catch (error) {
    // A configured server that does not answer is reported, not replaced.
    if (givenUrl) throw error;
    const container = await startContainer();
    if (container) return container;
    throw new Error(`${(error as Error).message} No Docker engine answers either.`, {
      cause: error,
    });
  }
}
