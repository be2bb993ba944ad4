import type { Db } from '@runfleet/db';
import { type ModelStatistics, readModelStatistics } from '@runfleet/tasks';

import { Remembered } from './remembered.ts';

const TTL_MS = 10_000;

/**
 * How often each model ran, by its id. Counting reads every task, and the catalogue is open to callers
 * who are not signed in, so the counts are read at most once in 10 s.
 */
export function rememberModelStatistics(db: Db): Remembered<Map<string, ModelStatistics>> {
  return new Remembered(() => readModelStatistics({ db }), TTL_MS);
}
