import { join } from 'node:path';

import { bringPostgres, bringRedis } from '@runfleet/local-servers';
import type { BringOptions, LocalServer } from '@runfleet/local-servers';

/**
 * The servers for a test run: given by `TEST_DATABASE_URL` and `TEST_REDIS_URL` (else
 * `DATABASE_URL` and `REDIS_URL`), else started from what the machine has, else in containers.
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
  // One that came up would outlive the other's failure.
  const reasons: string[] = [];
  for (const start of starts) {
    if (start.status === 'fulfilled') await start.value[Symbol.asyncDispose]();
    else reasons.push(start.reason instanceof Error ? start.reason.message : String(start.reason));
  }
  throw new Error(reasons.join('\n'));
}

/** Loading their libraries takes half a second, which runs without containers are spared. */
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
    // A given server that does not answer is a mistake to tell, not to work around.
    if (givenUrl) throw error;
    const container = await startContainer();
    if (container) return container;
    throw new Error(`${(error as Error).message} Nor does a Docker engine answer.`, {
      cause: error,
    });
  }
}
