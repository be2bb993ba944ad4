/**
 * A pool's index of queued tasks, with one lane for each set of labels that tasks require. Redis
 * may lose any part of it; this class keeps it equal to Postgres.
 *
 * The plain lane, of tasks that require no labels, is trusted if its mark is the one that Postgres
 * stores as complete and names the current Redis server. Otherwise it is filled again in pages, and
 * tasks may be picked during the fill. The other lanes get the same mark when they are filled.
 */
import { randomUUID } from 'node:crypto';

import type { LaneLoad, PickedTask, QueuedTask } from '@runfleet/queue';
import { laneOf, requirementsOfLane } from '@runfleet/scheduler';
import { groupBy } from '@runfleet/service';
import { type PoolReads, writeIndexMark } from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';

const PAGE_TASKS = 5_000;
/** Lanes that are maintained at once; if more lanes have tasks, they take turns. */
const LANES_MAX = 256;
const LANES_PER_STEP_MAX = 8;
/** An offer takes a moment to arrive; only tasks that are missing for longer are inserted again. */
const MISSED_AFTER_MS = 2_000;
const MISSED_PAGE_TASKS = 2_000;
/**
 * A process that was cut off from Redis may have lost thousands of releases, for which tenants
 * wait.
 */
const RUNNING_PAGES_PER_RECONCILE = 8;

export type Lane = {
  readonly name: string;
  readonly requires: readonly string[];
  /** Whether it can be picked from: it carries the mark. */
  isOpen: boolean;
  /** Whether a pick may find tasks: false after a pick that ran short, until the lane is woken. */
  isAwake: boolean;
};

/** A picked task and its lane. */
export type LanePick = PickedTask & { lane: Lane };

/** Counts over all lanes of a pool. */
export type PoolLoad = LaneLoad & { waitingLanes: Lane[] };

/** The position of a scan over all lanes. */
type ScanPosition = { lane: Lane; cursor: string };

export class PoolIndex {
  readonly #ctx: BrokerContext;
  readonly #pool: string;
  readonly #plain: Lane;
  readonly #lanes = new Map<string, Lane>();
  /** Null while the index is unknown or lost. */
  #mark: string | null = null;
  readonly #fills = new Map<Lane, AsyncGenerator<void>>();
  /**
   * The last task id up to which offers were checked, and the position of the slow sweep over all.
   */
  #seenUntil = '0';
  #sweptUntil = '0';
  /** The scan over running tasks, and those that no worker had at the last reconciliation. */
  #running: ScanPosition;
  #unbound = new Map<string, Lane>();
  /** The scan over tenants' shares. */
  #shares: ScanPosition;

  constructor(ctx: BrokerContext, pool: string) {
    this.#ctx = ctx;
    this.#pool = pool;
    this.#plain = { name: pool, requires: [], isOpen: false, isAwake: true };
    this.#running = { lane: this.#plain, cursor: '0' };
    this.#shares = { lane: this.#plain, cursor: '0' };
    this.#lanes.set(pool, this.#plain);
  }

  /** Lanes that may have tasks and can be picked from. */
  get openLanes(): Lane[] {
    return [...this.#lanes.values()].filter((lane) => lane.isOpen && lane.isAwake);
  }

  /** Whether the index is lost and must be filled. */
  get isLost(): boolean {
    return this.#mark === null;
  }

  /** Whether a pick from the plain lane may find tasks. */
  get isPlainAwake(): boolean {
    return this.#plain.isOpen && this.#plain.isAwake;
  }

  /** To be called when a lane has a new task or a freed slot. */
  wake(name: string): void {
    const lane = this.#lanes.get(name);
    if (lane) lane.isAwake = true;
    else if (this.#lanes.size < LANES_MAX) this.#addLane(requirementsOfLane(name));
  }

  /** Forgets the state of the index, for a broker that does not lead. */
  forget(): void {
    this.#mark = null;
    this.#fills.clear();
    this.#unbound.clear();
    for (const lane of this.#lanes.values()) lane.isOpen = false;
  }

  /** Compares the mark of the index with the complete mark that Postgres stores. */
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

  /** Fills one page of each of some unfilled lanes. Returns whether there is more to fill. */
  async fill(): Promise<boolean> {
    if (this.#mark === null) await this.#restart();
    const mark = this.#mark ?? '';
    for (const lane of this.#lanes.values()) {
      if (!lane.isOpen && !this.#fills.has(lane)) this.#fills.set(lane, this.#fillLane(lane, mark));
    }
    const others = [...this.#fills].filter(([lane]) => lane !== this.#plain);
    const plain = [...this.#fills].filter(([lane]) => lane === this.#plain);
    // The plain lane comes last, so that its tasks do not take the workers that other lanes need.
    for (const [lane, steps] of [...others.slice(0, LANES_PER_STEP_MAX), ...plain]) {
      const { done } = await steps.next();
      if (done === true && this.#fills.get(lane) === steps) this.#fills.delete(lane);
    }
    return this.#fills.size > 0;
  }

  /** Picks tasks in fair order. Returns none if the index is lost; it is then filled again. */
  async pick(lane: Lane, count: number): Promise<LanePick[]> {
    if (this.#mark === null) return [];
    // Before the pick, so that a wake-up during it is not lost.
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

  /** Undoes the pick of tasks that got no slot. */
  async putBack(picks: readonly LanePick[]): Promise<void> {
    for (const [name, tasks] of groupBy(picks, ({ lane }) => lane.name)) {
      await this.#ctx.queue.putBack(name, tasks);
      for (const { lane } of tasks) lane.isAwake = true;
    }
  }

  /**
   * Compares a page of the index with Postgres in both directions, and finds lanes whose wake-up
   * was lost.
   */
  async reconcile(isHeld: (taskId: string) => boolean): Promise<void> {
    if (this.#mark === null) return;
    await this.#findLanes();
    await this.#offerMissed();
    await this.#releaseLeaked(isHeld);
    await this.#renewShares();
  }

  /** Returns the counts of all lanes together. Reading them also detects lost keys. */
  async readLoad(): Promise<PoolLoad> {
    const lanes = [...this.#lanes.values()].filter((lane) => lane.isOpen);
    const loads = await Promise.all(lanes.map((lane) => this.#ctx.queue.readLoad(lane.name)));
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

  async #restart(): Promise<void> {
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
    // The pool can be served during the fill.
    if (isPlain) await open();
    let tasks = 0;
    for await (const page of this.#pages(lane, this.#ctx.reads.listBoundTasks)) {
      await queue.restoreRunning(lane.name, page);
    }
    for await (const page of this.#pages(lane, this.#ctx.reads.listQueuedTasks)) {
      await queue.insert(lane.name, page);
      lane.isAwake = true;
      tasks += page.length;
      // A lane of less than a page is filled in one step.
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

  /**
   * Adds lanes with queued tasks and drops those without; the index of a dropped lane stays in
   * Redis until it expires.
   */
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

  /** Inserts tasks whose offer was lost: checks the newest tasks, and sweeps slowly over all. */
  async #offerMissed(): Promise<void> {
    const pool = this.#pool;
    const list = (afterId: string) =>
      this.#ctx.reads.listQueuedTasks({
        pool,
        afterId,
        limit: MISSED_PAGE_TASKS,
        minAgeMs: MISSED_AFTER_MS,
      });
    const isSame = this.#seenUntil === this.#sweptUntil;
    const [fresh, swept = fresh] = await Promise.all([
      list(this.#seenUntil),
      isSame ? undefined : list(this.#sweptUntil),
    ]);
    this.#seenUntil = fresh.at(-1)?.taskId ?? this.#seenUntil;
    const isRoundOver = swept.length < MISSED_PAGE_TASKS;
    this.#sweptUntil = isRoundOver ? '0' : (swept.at(-1)?.taskId ?? '0');

    const tasks = new Map([...fresh, ...swept].map((task) => [task.taskId, task]));
    let missed = 0;
    for (const [name, ofLane] of groupBy(tasks.values(), (task) => task.lane)) {
      const lane = this.#lanes.get(name);
      if (!lane?.isOpen) continue;
      missed += await this.#ctx.queue.insert(name, ofLane);
      lane.isAwake = true;
    }
    if (missed > 0) this.#ctx.metrics.repaired('queued-but-not-indexed', missed);
  }

  /**
   * Releases tasks that count as running although no worker has them, if two reconciliations in a
   * row find them so: between a pick and its commit that is normal.
   */
  async #releaseLeaked(isHeld: (taskId: string) => boolean): Promise<void> {
    const { queue, metrics } = this.#ctx;
    const laneOfTask = new Map(this.#unbound);
    let lanesLeft = this.#lanes.size;
    for (let page = 0; page < RUNNING_PAGES_PER_RECONCILE && lanesLeft > 0; page++) {
      const { lane, cursor } = this.#running;
      const { tasks, next } = await queue.listRunning(lane.name, cursor);
      for (const { taskId } of tasks) laneOfTask.set(taskId, lane);
      if (next === null) lanesLeft -= 1;
      this.#running = this.#positionAfter(lane, next);
    }
    const unbound = await this.#ctx.reads.listUnbound([...laneOfTask.keys()]);
    const suspects = new Map<string, Lane>();
    let leaked = 0;
    for (const taskId of unbound) {
      const suspect = laneOfTask.get(taskId);
      if (!suspect || isHeld(taskId)) continue;
      if (this.#unbound.has(taskId)) {
        queue.release({
          lane: suspect.name,
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

  /**
   * Updates the shares of a page of tenants to what operators have set since the tenants' last Run.
   */
  async #renewShares(): Promise<void> {
    const { queue, reads, metrics } = this.#ctx;
    const { lane, cursor } = this.#shares;
    const page = await queue.listTenants(lane.name, cursor);
    this.#shares = this.#positionAfter(lane, page.next);
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

  /**
   * The next position of a scan over all lanes. `next` is the next cursor in `lane`, null at its
   * end.
   */
  #positionAfter(lane: Lane, next: string | null): ScanPosition {
    if (next !== null) return { lane, cursor: next };
    const lanes = [...this.#lanes.values()];
    const at = lanes.indexOf(lane) + 1;
    return { lane: lanes[at] ?? this.#plain, cursor: '0' };
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
