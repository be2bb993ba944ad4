import { startBreakablePostgres, startBreakableRedis } from '@runfleet/local-servers';
import type { BreakableServer } from '@runfleet/local-servers';
import { inject } from 'vitest';

import './provided.ts';

/** A Redis for one test, which keeps its data over a restart (append-only file). */
export function startOwnRedis(): Promise<BreakableServer> {
  return startBreakableRedis(inject('runFolder'));
}

/** A Postgres for one test, with an empty database, which keeps its data over a restart. */
export function startOwnPostgres(): Promise<BreakableServer> {
  return startBreakablePostgres(inject('runFolder'));
}
