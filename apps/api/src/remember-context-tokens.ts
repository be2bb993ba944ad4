import type { Db } from '@runfleet/db';
import { readContextTokens } from '@runfleet/tasks';

import { Remembered } from './remembered.ts';

const TTL_MS = 2_000;

/** How long the prompts of each pool may be. Every worker is read for it, so at most once in 2 s. */
export function rememberContextTokens(db: Db): Remembered<ReadonlyMap<string, number>> {
  return new Remembered(() => readContextTokens({ db }), TTL_MS);
}
