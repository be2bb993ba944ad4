/** A worker that several pools may share. */
type Shared = { readonly id: string; readonly models: Readonly<Record<string, unknown>> };

/** A pool whose tasks wait and that got no slot for this time is left a worker. */
export const UNSERVED_MS_MAX = 10_000;

/**
 * The workers that a pool currently leaves to others. Pools that share workers compete for free
 * slots, and a model with a steady load would keep all other models out of a worker's memory. So
 * each pool that got no slot for a while, and for longer than this pool, is left one worker: it
 * gets a slot there once the running tasks have ended.
 *
 * `unserved` is the time in ms for which each pool with waiting tasks got no slot; served pools are
 * not in it.
 */
export function leaveWorkers(
  pool: string,
  workers: readonly Shared[],
  unserved: ReadonlyMap<string, number>,
): Set<string> {
  const own = unserved.get(pool) ?? 0;
  const left = new Set<string>();
  for (const [other, ms] of unserved) {
    if (other === pool || ms < UNSERVED_MS_MAX || ms <= own) continue;
    const shared = workers.filter(({ models }) => pool in models && other in models);
    // The leaders of all pools choose the same worker.
    const [first] = shared.map(({ id }) => id).toSorted();
    if (first !== undefined) left.add(first);
  }
  return left;
}
