import assert from 'node:assert';

/** The fields of a task that fair order across lanes needs. */
type Charged = { readonly organisationId: string; readonly cost: number; readonly weight: number };

/** Above this number, tenants that are not ahead of the clock are forgotten. */
const TENANTS_REMEMBERED_MAX = 10_000;

/**
 * Fair order across the lanes of one pool: start-time fair queueing over the heads of the lanes.
 * Each lane is fair on its own, but lanes are independent. Here a tenant is charged for its tasks
 * in all lanes, so that spreading tasks over lanes earns no extra slot-time.
 *
 * Its memory is a hint: a new instance starts with all tenants equal.
 */
export class LaneMerge {
  /** The virtual time of the last task that was taken. */
  #now = 0;
  readonly #finishedAt = new Map<string, number>();

  /** Takes up to `count` tasks, each from the head of its lane. */
  take<T extends Charged>(lanes: readonly (readonly T[])[], count: number): T[] {
    const heads = lanes.map(() => 0);
    const taken: T[] = [];
    while (taken.length < count) {
      let best: { task: T; lane: number; start: number } | null = null;
      for (const [lane, tasks] of lanes.entries()) {
        const task = tasks[heads[lane] ?? 0];
        if (task === undefined) continue;
        const start = this.#startOf(task.organisationId);
        if (best === null || start < best.start) best = { task, lane, start };
      }
      if (best === null) break;
      heads[best.lane] = (heads[best.lane] ?? 0) + 1;
      this.#charge(best.task, best.start);
      taken.push(best.task);
    }
    this.#forget();
    return taken;
  }

  #startOf(organisationId: string): number {
    return Math.max(this.#now, this.#finishedAt.get(organisationId) ?? 0);
  }

  #charge({ organisationId, cost, weight }: Charged, start: number): void {
    assert(weight > 0, `The weight of tenant ${organisationId} is ${weight}.`);
    this.#now = start;
    this.#finishedAt.set(organisationId, start + cost / weight);
  }

  /** Tenants that are not ahead of the clock would start like new ones anyway. */
  #forget(): void {
    if (this.#finishedAt.size <= TENANTS_REMEMBERED_MAX) return;
    for (const [organisationId, finishedAt] of this.#finishedAt) {
      if (finishedAt <= this.#now) this.#finishedAt.delete(organisationId);
    }
  }
}
