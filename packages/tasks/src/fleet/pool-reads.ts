import type { Db } from '@runfleet/db';

import { listBoundTasks, listLanes, listQueuedTasks, listUnbound } from './list-index-tasks.ts';
import { listShares } from './list-shares.ts';
import { listWorkers, readNextFree } from './list-workers.ts';
import { readPreferences } from './read-preferences.ts';

type Read<R extends (ctx: { db: Db }, input: never) => unknown> = (
  input: Parameters<R>[1],
) => ReturnType<R>;

/** What a broker reads to dispatch a pool's tasks. All of it is a hint: the commits check again. */
export type PoolReads = {
  listBoundTasks: Read<typeof listBoundTasks>;
  listLanes: Read<typeof listLanes>;
  listQueuedTasks: Read<typeof listQueuedTasks>;
  listShares: Read<typeof listShares>;
  listUnbound: Read<typeof listUnbound>;
  listWorkers: Read<typeof listWorkers>;
  readNextFree: Read<typeof readNextFree>;
  readPreferences: Read<typeof readPreferences>;
};

export function openPoolReads(ctx: { db: Db }): PoolReads {
  return {
    listBoundTasks: (input) => listBoundTasks(ctx, input),
    listLanes: (input) => listLanes(ctx, input),
    listQueuedTasks: (input) => listQueuedTasks(ctx, input),
    listShares: (input) => listShares(ctx, input),
    listUnbound: (input) => listUnbound(ctx, input),
    listWorkers: (input) => listWorkers(ctx, input),
    readNextFree: (input) => readNextFree(ctx, input),
    readPreferences: (input) => readPreferences(ctx, input),
  };
}
