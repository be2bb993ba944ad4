/** A worker as pools that share it see it. */
type Shared = { readonly id: string; readonly models: Readonly<Record<string, unknown>> };

/** A pool that got no slot for so long, though its tasks wait for one, is left a worker. */
export const UNSERVED_MS_MAX = 10_000;

/**
 * Which workers a pool leaves to others for now. Pools that share workers take slots as they come,
 * and a model whose tasks never cease would keep all other models out of its worker's memory. So
 * every pool that was not served for a while, and for longer than this one, is left one worker: it
 * gets a slot there once the tasks that are running have ended, and then is served.
 *
 * `unserved` says since how many ms each pool got no slot while its tasks wait; served ones are not in it.
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
    // All leaders choose the same one.
    const [first] = shared.map(({ id }) => id).toSorted();
    if (first !== undefined) left.add(first);
  }
  return left;
}
