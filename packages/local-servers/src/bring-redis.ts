import { checkRedis } from './check-redis.ts';
import type { BringOptions, LocalServer } from './local-server.ts';
import { startRedis } from './start-redis.ts';

/**
 * A Redis (7.0 or newer, that evicts nothing) to work with: the given one if it answers, else one
 * that is started from the programs of this machine or from Debian's packages.
 */
export async function bringRedis(options: BringOptions): Promise<LocalServer> {
  const { givenUrl, ...startOptions } = options;
  return givenUrl === undefined ? startRedis(startOptions) : checkRedis(givenUrl);
}
