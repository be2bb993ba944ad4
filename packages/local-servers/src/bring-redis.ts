import { checkRedis } from './check-redis.ts';
import type { BringOptions, LocalServer, StartedServer } from './local-server.ts';
import { startRedis } from './start-redis.ts';

/**
 * Returns a Redis (7.0 or newer, without eviction): the given one if it answers, else one started from
 * the programs of this machine or from Debian's packages.
 */
export async function bringRedis(options: BringOptions): Promise<LocalServer | StartedServer> {
  const { givenUrl, ...startOptions } = options;
  return givenUrl === undefined ? startRedis(startOptions) : checkRedis(givenUrl);
}
