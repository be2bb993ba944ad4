/**
 * Leads one pool or stands by for it: keeps the pool's index equal to Postgres and dispatches its
 * tasks. It wakes at once when a task is queued or a slot is freed, and refreshes its view every
 * second, or less often while the pool has neither tasks nor workers.
 *
 * Leading is an optimisation, not a lock: the assign commit checks task and slots itself.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { leaveWorkers } from '@runfleet/scheduler';
import { Signal } from '@runfleet/service';
import { leadPool, readPoolReports, yieldPool } from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';
import { Dispatcher } from './dispatcher.ts';
import { PoolIndex } from './pool-index.ts';
import { reportShares, reportPool } from './report-pool.ts';

const REFRESH_EVERY_MS = 1_000;
/** A published model may be without workers for months. Its lease lasts 5 s. */
const IDLE_TIMES = 3;
const RETRY_AFTER_MS = 250;
/** A busy leader pauses between two rounds for as long as one takes, up to this. */
const PAUSE_MS_MAX = 10;
/** Reporting shares reads every tenant with tasks, so it is not done at every refresh. */
const SHARES_EVERY_REFRESHES = 10;
const NO_ROUND = { assigned: 0, hasMore: false } as const;

export class PoolLeader implements AsyncDisposable {
  readonly #ctx: BrokerContext;
  readonly #pool: string;
  readonly #refreshEveryMs: number;
  readonly #index: PoolIndex;
  readonly #dispatcher: Dispatcher;
  readonly #wake = new Signal();
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #subscription: AsyncDisposable | null = null;
  #leasedUntil = 0;
  #refreshedAt = 0;
  #reports = 0;
  #isReportDue = false;
  /** Whether the last refresh found neither tasks nor workers, and nothing has woken it since. */
  #isIdle = false;
  /** When the rounds that assigned nothing began; null if the last round assigned a task. */
  #unservedSince: number | null = null;
  #excluded: ReadonlySet<string> = new Set();

  constructor(ctx: BrokerContext, options: { pool: string; refreshEveryMs?: number }) {
    const { pool } = options;
    this.#ctx = ctx;
    this.#pool = pool;
    this.#refreshEveryMs = options.refreshEveryMs ?? REFRESH_EVERY_MS;
    this.#index = new PoolIndex(ctx, pool);
    this.#dispatcher = new Dispatcher(ctx, { pool, index: this.#index });
  }

  start(): void {
    this.#subscription = this.#ctx.queue.onWake(this.#pool, (lane) => {
      this.#index.wake(lane);
      this.#isIdle = false;
      this.#wake.raise();
    });
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#wake.raise();
    await this.#running;
    await this.#subscription?.[Symbol.asyncDispose]();
    await this.#dispatcher.putBackHeld().catch(() => {
      // The tasks count as running but no worker has them: the next leader releases them.
    });
    await yieldPool(this.#ctx, { pool: this.#pool, holder: this.#ctx.brokerId }).catch(() => {
      // The lease expires anyway.
    });
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const beganAt = performance.now();
      try {
        const hasMore = (await this.#lead()) && (await this.#work());
        const tookMs = performance.now() - beganAt;
        if (!hasMore) await this.#wake.wait(this.#pauseMs());
        await untilSpaced(beganAt, tookMs);
      } catch (err) {
        this.#ctx.logger.warn({ err, pool: this.#pool }, 'a dispatch round failed; retrying');
        this.#index.forget();
        this.#leasedUntil = 0;
        await new Signal().wait(RETRY_AFTER_MS);
      }
    }
  }

  /** Fills a page of the index and dispatches a round. Returns whether there is more to do. */
  async #work(): Promise<boolean> {
    const hasMoreToFill = await this.#index.fill();
    // The fleet was read just now. A worker that registers after that wakes the leader.
    const hasNoWorkers = this.#isReportDue && this.#dispatcher.isWithoutWorkers;
    const { assigned, hasMore } = hasNoWorkers ? NO_ROUND : await this.#dispatcher.round();
    const isQuiet = assigned === 0;
    this.#unservedSince = isQuiet ? (this.#unservedSince ?? this.#ctx.now()) : null;
    if (this.#isReportDue) await this.#report(isQuiet);
    return hasMoreToFill || hasMore || this.#index.isLost;
  }

  async #report(isQuiet: boolean): Promise<void> {
    this.#isReportDue = false;
    const load = await this.#index.readLoad();
    this.#isIdle = load.queued + load.running + this.#dispatcher.fleet.length === 0;
    const snapshot = {
      pool: this.#pool,
      load,
      held: this.#dispatcher.held,
      fleet: this.#dispatcher.fleet,
      excluded: this.#excluded,
      isQuiet,
      // If the lane is not awake, its tenants are at their limits, and a free slot would not help.
      unservedMs: this.#index.isPlainAwake ? this.#unservedMs() : null,
    };
    await reportPool(this.#ctx, snapshot);
    if (this.#reports++ % SHARES_EVERY_REFRESHES === 0) await reportShares(this.#ctx, this.#pool);
  }

  /**
   * Takes or renews the lead at each refresh, and reconciles the index. Returns whether this broker
   * leads.
   */
  async #lead(): Promise<boolean> {
    const now = this.#ctx.now();
    if (now < this.#leasedUntil && now - this.#refreshedAt < this.#refreshMs) return true;
    const lease = await leadPool(this.#ctx, { pool: this.#pool, holder: this.#ctx.brokerId });
    this.#ctx.metrics.leadershipIs(this.#pool, lease !== null);
    if (!lease) {
      this.#index.forget();
      await this.#dispatcher.putBackHeld();
      return false;
    }
    this.#leasedUntil = now + 2 * this.#refreshEveryMs;
    this.#refreshedAt = now;
    await this.#index.check(lease.indexMark);
    await this.#index.reconcile((taskId) => this.#dispatcher.isHeld(taskId));
    await this.#dispatcher.refresh();
    await this.#excludeWorkers();
    this.#isReportDue = true;
    return true;
  }

  /** Leaves shared workers to pools that would otherwise starve. */
  async #excludeWorkers(): Promise<void> {
    const { fleet } = this.#dispatcher;
    const isShared = fleet.some(({ models }) => Object.keys(models).length > 1);
    if (!isShared && this.#excluded.size === 0) return;
    const reports = await readPoolReports(this.#ctx);
    const unserved = [...reports].flatMap(([pool, { unservedMs }]): [string, number][] =>
      unservedMs === null ? [] : [[pool, unservedMs]],
    );
    this.#excluded = leaveWorkers(this.#pool, fleet, new Map(unserved));
    this.#dispatcher.exclude(this.#excluded);
  }

  #unservedMs(): number | null {
    return this.#unservedSince === null ? null : this.#ctx.now() - this.#unservedSince;
  }

  /** The time until the next refresh, or until the first held task must be placed. */
  #pauseMs(): number {
    const untils = this.#dispatcher.held.map(({ until }) => until - this.#ctx.now());
    return Math.max(0, Math.min(this.#refreshMs, ...untils));
  }

  get #refreshMs(): number {
    return this.#isIdle ? IDLE_TIMES * this.#refreshEveryMs : this.#refreshEveryMs;
  }
}

/**
 * Pauses for as long as the round took; tasks that arrive during the pause share the next round.
 */
async function untilSpaced(beganAt: number, tookMs: number): Promise<void> {
  const pauseMs = beganAt + tookMs + Math.min(tookMs, PAUSE_MS_MAX) - performance.now();
  if (pauseMs > 0) await delay(pauseMs);
}
