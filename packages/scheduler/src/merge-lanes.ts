import assert from 'node:assert';

/** What fair order over lanes needs of a task: whose it is, and its expected share of slot-time. */
type Charged = { readonly organisationId: string; readonly cost: number; readonly weight: number };

/** Tenants whose past no longer matters are forgotten past this many. */
const TENANTS_REMEMBERED_MAX = 10_000;

/**
 * Fair order over the lanes of one pool. Every lane is in fair order by itself, but none knows of
 * the others; here a tenant is charged for what it got in all of them, so that spreading over lanes
 * earns nobody more slot-time. Start-time fair queueing over the lanes' heads.
 *
 * What it remembers is a hint: a new one begins with everybody equal.
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

  /** Who is not ahead of the clock starts like somebody new. */
  #forget(): void {
    if (this.#finishedAt.size <= TENANTS_REMEMBERED_MAX) return;
    for (const [organisationId, finishedAt] of this.#finishedAt) {
      if (finishedAt <= this.#now) this.#finishedAt.delete(organisationId);
    }
  }
}
