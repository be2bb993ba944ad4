/**
 * A pool's index of queued tasks, one lane for each set of labels that tasks require. Redis may lose
 * any of it; this keeps it equal to Postgres.
 *
 * The plain lane, of tasks that require nothing, is trusted where its mark is the one that Postgres
 * remembers as complete, on the server on which it was filled. Otherwise it is filled anew in pages,
 * and may be picked from meanwhile. The other lanes carry the same mark, each from the moment that
 * it is filled.
 */
import { randomUUID } from 'node:crypto';

import type { PickedTask, PoolLoad, QueuedTask } from '@runfleet/queue';
import { laneOf, requirementsOfLane } from '@runfleet/scheduler';
import { groupBy } from '@runfleet/service';
import { type PoolReads, writeIndexMark } from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';

const PAGE_TASKS = 5_000;
/** Lanes that are looked after at once; if more have tasks, they take turns. */
const LANES_MAX = 256;
const LANES_PER_STEP_MAX = 8;
/** Offers travel for a moment; only what is missing for longer is put in line again. */
const MISSED_AFTER_MS = 2_000;
const MISSED_PAGE_TASKS = 2_000;
/** Whoever was cut off from Redis may have lost thousands of releases, whose tenants wait for them. */
const RUNNING_PAGES_PER_LOOK = 8;

export type Lane = {
  readonly name: string;
  readonly requires: readonly string[];
  /** Whether it is filled and marked. */
  isOpen: boolean;
  /** Whether a pick may find something: false from a pick that found nothing to the next news. */
  isAwake: boolean;
};

/** A picked task, with the lane that it was picked from. */
export type LanePick = PickedTask & { lane: Lane };

type Place = { lane: Lane; cursor: string };

export class PoolIndex {
  readonly #ctx: BrokerContext;
  readonly #pool: string;
  readonly #plain: Lane;
  readonly #lanes = new Map<string, Lane>();
  /** Null while nothing is known of the index, or it is known to be lost. */
  #mark: string | null = null;
  readonly #fills = new Map<Lane, AsyncGenerator<void>>();
  /** Up to which task, by id, offers were found to have arrived; and how far the sweep is. */
  #seenUntil = '0';
  #sweptUntil = '0';
  /** Where the look over running tasks goes on, and which of them no worker had at the last look. */
  #running: Place;
  #unbound = new Map<string, Lane>();
  /** Where the look over tenants' shares goes on. */
  #shares: Place;

  constructor(ctx: BrokerContext, pool: string) {
    this.#ctx = ctx;
    this.#pool = pool;
    this.#plain = { name: pool, requires: [], isOpen: false, isAwake: true };
    this.#running = { lane: this.#plain, cursor: '0' };
    this.#shares = { lane: this.#plain, cursor: '0' };
    this.#lanes.set(pool, this.#plain);
  }

  /** Lanes that may hold tasks and can be picked from. */
  get openLanes(): Lane[] {
    return [...this.#lanes.values()].filter((lane) => lane.isOpen && lane.isAwake);
  }

  /** Whether it is known to be lost, so that filling it should begin. */
  get isLost(): boolean {
    return this.#mark === null;
  }

  /** Whether a pick of tasks that require nothing may find something. */
  get isPlainAwake(): boolean {
    return this.#plain.isOpen && this.#plain.isAwake;
  }

  /** There is news of a lane: a task came, or a slot was freed. */
  wake(name: string): void {
    const lane = this.#lanes.get(name);
    if (lane) lane.isAwake = true;
    else if (this.#lanes.size < LANES_MAX) this.#addLane(requirementsOfLane(name));
  }

  /** Forgets everything, for a broker that does not lead. */
  forget(): void {
    this.#mark = null;
    this.#fills.clear();
    this.#unbound.clear();
    for (const lane of this.#lanes.values()) lane.isOpen = false;
  }

  /** Compares the index with what Postgres remembers of it. */
  async check(completeMark: string | null): Promise<void> {
    if (this.#fills.has(this.#plain)) return;
    const [serverId, actualMark] = await Promise.all([
      this.#ctx.queue.readServerId(),
      this.#ctx.queue.readMark(this.#pool),
    ]);
    const isTrusted =
      completeMark !== null &&
      completeMark === actualMark &&
      completeMark.startsWith(`${serverId}:`);
    if (isTrusted && this.#mark === completeMark) return;
    this.forget();
    if (!isTrusted) return;
    this.#mark = completeMark;
    this.#plain.isOpen = true;
    await this.#findLanes();
  }

  /** Fills a page of each of some lanes, where there is anything to fill. Answers whether there is more. */
  async fill(): Promise<boolean> {
    if (this.#mark === null) await this.#beginAnew();
    const mark = this.#mark ?? '';
    for (const lane of this.#lanes.values()) {
      if (!lane.isOpen && !this.#fills.has(lane)) this.#fills.set(lane, this.#fillLane(lane, mark));
    }
    const others = [...this.#fills].filter(([lane]) => lane !== this.#plain);
    const plain = [...this.#fills].filter(([lane]) => lane === this.#plain);
    // The plain lane comes last, so that its tasks do not take the workers that others need.
    for (const [lane, steps] of [...others.slice(0, LANES_PER_STEP_MAX), ...plain]) {
      const { done } = await steps.next();
      if (done === true && this.#fills.get(lane) === steps) this.#fills.delete(lane);
    }
    return this.#fills.size > 0;
  }

  /** Takes tasks in fair order. An index that is found to be lost gives none and is filled anew. */
  async pick(lane: Lane, count: number): Promise<LanePick[]> {
    if (this.#mark === null) return [];
    // Before the pick, so that news that comes during it is not lost.
    lane.isAwake = false;
    const picked = await this.#ctx.queue.pick(lane.name, this.#mark, count);
    if (picked === null) {
      if (lane === this.#plain) this.forget();
      else lane.isOpen = false;
      return [];
    }
    if (picked.length === count) lane.isAwake = true;
    return picked.map((task) => ({ lane, ...task }));
  }

  /** For picked tasks that got no slot: as if they had not been picked. */
  async putBack(picks: readonly LanePick[]): Promise<void> {
    for (const [name, tasks] of groupBy(picks, ({ lane }) => lane.name)) {
      await this.#ctx.queue.putBack(name, tasks);
      for (const { lane } of tasks) lane.isAwake = true;
    }
  }

  /** Compares a page of the index with Postgres, both ways, and takes up lanes that nobody told of. */
  async reconcile(isHeld: (taskId: string) => boolean): Promise<void> {
    if (this.#mark === null) return;
    await this.#findLanes();
    await this.#offerMissed();
    await this.#releaseLeaked(isHeld);
    await this.#renewShares();
  }

  /** Counts over all lanes. Also finds out where a lane lost a key. */
  async readLoad(): Promise<PoolLoad & { waitingLanes: Lane[] }> {
    const lanes = [...this.#lanes.values()].filter((lane) => lane.isOpen);
    const loads = await Promise.all(lanes.map((lane) => this.#ctx.queue.readPool(lane.name)));
    const oldest = loads.flatMap(({ oldestQueuedAt }) => oldestQueuedAt ?? []);
    return {
      queued: sum(loads.map(({ queued }) => queued)),
      running: sum(loads.map(({ running }) => running)),
      tenants: sum(loads.map(({ tenants }) => tenants)),
      oldestQueuedAt: oldest.length === 0 ? null : Math.min(...oldest),
      waitingLanes: lanes.filter((_, index) => (loads[index]?.queued ?? 0) > 0),
    };
  }

  #addLane(requires: readonly string[]): void {
    const name = laneOf(this.#pool, requires);
    this.#lanes.set(name, { name, requires, isOpen: false, isAwake: true });
  }

  async #beginAnew(): Promise<void> {
    const { queue, brokerId: holder } = this.#ctx;
    this.forget();
    const mark = `${await queue.readServerId()}:${randomUUID()}`;
    await writeIndexMark(this.#ctx, { pool: this.#pool, holder, mark: null });
    this.#mark = mark;
    [this.#seenUntil, this.#sweptUntil] = ['0', '0'];
    await this.#findLanes();
  }

  async *#fillLane(lane: Lane, mark: string): AsyncGenerator<void> {
    const { queue, brokerId: holder, logger, metrics } = this.#ctx;
    const pool = this.#pool;
    const startedAt = this.#ctx.now();
    const isPlain = lane === this.#plain;
    if (!isPlain && (await queue.readMark(lane.name)) === mark) {
      lane.isOpen = true;
      return;
    }
    await queue.clear(lane.name);
    const open = async () => {
      await queue.writeMark(lane.name, mark);
      lane.isOpen = true;
      lane.isAwake = true;
    };
    // A pool that was lost need not stand still until all of it is back.
    if (isPlain) await open();
    let tasks = 0;
    for await (const page of this.#pages(lane, this.#ctx.reads.listBoundTasks)) {
      await queue.restoreRunning(lane.name, page);
    }
    for await (const page of this.#pages(lane, this.#ctx.reads.listQueuedTasks)) {
      await queue.insert(lane.name, page);
      lane.isAwake = true;
      tasks += page.length;
      // Who fills a single page need not come twice.
      if (page.length === PAGE_TASKS) yield;
    }
    if (isPlain) await writeIndexMark(this.#ctx, { pool, holder, mark });
    else await open();
    if (isPlain) metrics.indexRebuilt(pool);
    const ms = Math.round(this.#ctx.now() - startedAt);
    logger.info({ lane: lane.name, tasks, ms }, 'queue index filled from Postgres');
  }

  async *#pages(
    { requires }: Lane,
    list: PoolReads['listBoundTasks'],
  ): AsyncGenerator<QueuedTask[]> {
    let afterId = '0';
    for (;;) {
      const input = { pool: this.#pool, requires, afterId, limit: PAGE_TASKS };
      const page = await list(input);
      if (page.length > 0) yield page;
      const last = page.at(-1);
      if (!last || page.length < PAGE_TASKS) return;
      afterId = last.taskId;
    }
  }

  /** Lanes without queued tasks are dropped; their index stays in Redis until it is empty. */
  async #findLanes(): Promise<void> {
    const found = await this.#ctx.reads.listLanes({ pool: this.#pool, limit: LANES_MAX });
    const names = new Set(found.map((requires) => laneOf(this.#pool, requires)));
    for (const lane of this.#lanes.values()) {
      if (lane === this.#plain || this.#fills.has(lane) || names.has(lane.name))
        lane.isAwake = true;
      else this.#lanes.delete(lane.name);
    }
    for (const requires of found) {
      if (!this.#lanes.has(laneOf(this.#pool, requires))) this.#addLane(requires);
    }
  }

  /** Puts tasks in line whose offer was lost: among the newest, and on a slow round through all. */
  async #offerMissed(): Promise<void> {
    const pool = this.#pool;
    const list = (afterId: string) =>
      this.#ctx.reads.listQueuedTasks({
        pool,
        afterId,
        limit: MISSED_PAGE_TASKS,
        minAgeMs: MISSED_AFTER_MS,
      });
    const [fresh, swept] = await Promise.all([list(this.#seenUntil), list(this.#sweptUntil)]);
    this.#seenUntil = fresh.at(-1)?.taskId ?? this.#seenUntil;
    const isRoundOver = swept.length < MISSED_PAGE_TASKS;
    this.#sweptUntil = isRoundOver ? '0' : (swept.at(-1)?.taskId ?? '0');

    const tasks = new Map([...fresh, ...swept].map((task) => [task.taskId, task]));
    let missed = 0;
    for (const [name, ofLane] of groupBy(tasks.values(), (task) => task.pool)) {
      const lane = this.#lanes.get(name);
      if (!lane?.isOpen) continue;
      missed += await this.#ctx.queue.insert(name, ofLane);
      lane.isAwake = true;
    }
    if (missed > 0) this.#ctx.metrics.repaired('queued-but-not-indexed', missed);
  }

  /**
   * Releases what counts as running though no worker has it, at two looks in a row: between a pick
   * and its commit that is normal.
   */
  async #releaseLeaked(isHeld: (taskId: string) => boolean): Promise<void> {
    const { queue, metrics } = this.#ctx;
    const laneOfTask = new Map(this.#unbound);
    let lanesLeft = this.#lanes.size;
    for (let page = 0; page < RUNNING_PAGES_PER_LOOK && lanesLeft > 0; page++) {
      const { lane, cursor } = this.#running;
      const { tasks, next } = await queue.listRunning(lane.name, cursor);
      for (const { taskId } of tasks) laneOfTask.set(taskId, lane);
      if (next === null) lanesLeft -= 1;
      this.#running = this.#placeAfter(lane, next);
    }
    const unbound = await this.#ctx.reads.listUnbound([...laneOfTask.keys()]);
    const suspects = new Map<string, Lane>();
    let leaked = 0;
    for (const taskId of unbound) {
      const suspect = laneOfTask.get(taskId);
      if (!suspect || isHeld(taskId)) continue;
      if (this.#unbound.has(taskId)) {
        queue.release({
          pool: suspect.name,
          taskId,
          organisationId: '',
          fairnessKey: '',
          usedMs: 0,
        });
        leaked += 1;
      } else suspects.set(taskId, suspect);
    }
    this.#unbound = suspects;
    if (leaked > 0) metrics.repaired('leaked-concurrency', leaked);
  }

  /** Gives a page of the tenants the shares that operators have set since their last Run. */
  async #renewShares(): Promise<void> {
    const { queue, reads, metrics } = this.#ctx;
    const { lane, cursor } = this.#shares;
    const page = await queue.listTenants(lane.name, cursor);
    this.#shares = this.#placeAfter(lane, page.next);
    const tenants = page.tenants.filter(({ queued, running }) => queued + running > 0);
    if (tenants.length === 0) return;
    const shares = await reads.listShares(tenants.map(({ organisationId }) => organisationId));
    const stale = tenants.flatMap(({ organisationId, weight, runningLimit }) => {
      const share = shares.get(organisationId);
      const isStale = share && (share.weight !== weight || share.runningLimit !== runningLimit);
      return isStale ? [share] : [];
    });
    if (stale.length === 0) return;
    const changed = await queue.setShare(lane.name, stale);
    lane.isAwake = true;
    metrics.repaired('stale-shares', changed);
  }

  /** Where a look over all lanes goes on that got as far as `next` in one; null is its end. */
  #placeAfter(lane: Lane, next: string | null): Place {
    if (next !== null) return { lane, cursor: next };
    const lanes = [...this.#lanes.values()];
    const at = lanes.indexOf(lane) + 1;
    return { lane: lanes[at] ?? this.#plain, cursor: '0' };
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
