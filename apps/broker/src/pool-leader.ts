/**
 * Leads one pool, or stands by for it: keeps its index equal to Postgres and dispatches its tasks.
 * It wakes at once when a task is queued or a slot is freed, and looks by itself each second.
 *
 * Leading is an optimisation, not a lock: the assign commit checks task and slots itself.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { leaveWorkers } from '@runfleet/scheduler';
import { Signal } from '@runfleet/service';
import { leadPool, readPoolStandings, yieldPool } from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';
import { Dispatcher } from './dispatcher.ts';
import { PoolIndex } from './pool-index.ts';
import { reportShares, reportStanding } from './report-standing.ts';

const LOOK_EVERY_MS = 1_000;
const RETRY_AFTER_MS = 250;
/** A busy leader pauses between two rounds for as long as one takes, up to this. */
const PAUSE_MS_MAX = 10;
/** Shares are read from every tenant that waits or runs, so not at every look. */
const SHARES_EVERY_LOOKS = 10;

export class PoolLeader implements AsyncDisposable {
  readonly #ctx: BrokerContext;
  readonly #pool: string;
  readonly #lookEveryMs: number;
  readonly #index: PoolIndex;
  readonly #dispatcher: Dispatcher;
  readonly #wake = new Signal();
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #subscription: AsyncDisposable | null = null;
  #leasedUntil = 0;
  #lookedAt = 0;
  #looks = 0;
  #isReportDue = false;
  /** Since when no task got a slot; null where the last round gave one. */
  #unservedSince: number | null = null;
  #left: ReadonlySet<string> = new Set();

  constructor(ctx: BrokerContext, options: { pool: string; lookEveryMs?: number }) {
    const { pool } = options;
    this.#ctx = ctx;
    this.#pool = pool;
    this.#lookEveryMs = options.lookEveryMs ?? LOOK_EVERY_MS;
    this.#index = new PoolIndex(ctx, pool);
    this.#dispatcher = new Dispatcher(ctx, { pool, index: this.#index });
  }

  start(): void {
    this.#subscription = this.#ctx.queue.onWake(this.#pool, (lane) => {
      this.#index.wake(lane);
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
      // They count as running and no worker has them: the next leader finds that.
    });
    await yieldPool(this.#ctx, { pool: this.#pool, holder: this.#ctx.brokerId }).catch(() => {
      // The lease runs out by itself.
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
        this.#ctx.logger.warn({ err, pool: this.#pool }, 'a round of the pool failed');
        this.#index.forget();
        this.#leasedUntil = 0;
        await new Signal().wait(RETRY_AFTER_MS);
      }
    }
  }

  /** Fills a page of what is missing and dispatches a round. Answers whether there is more to do. */
  async #work(): Promise<boolean> {
    const hasMoreToFill = await this.#index.fill();
    const { assigned, hasMore } = await this.#dispatcher.round();
    const isQuiet = assigned === 0;
    this.#unservedSince = isQuiet ? (this.#unservedSince ?? this.#ctx.now()) : null;
    if (this.#isReportDue) await this.#report(isQuiet);
    return hasMoreToFill || hasMore || this.#index.isLost;
  }

  async #report(isQuiet: boolean): Promise<void> {
    this.#isReportDue = false;
    const seen = {
      pool: this.#pool,
      load: await this.#index.readLoad(),
      held: this.#dispatcher.held,
      fleet: this.#dispatcher.fleet,
      left: this.#left,
      isQuiet,
      // A lane that sleeps has nothing that a slot would help: its tenants are at their limits.
      unservedMs: this.#index.isPlainAwake ? this.#unservedMs() : null,
    };
    await reportStanding(this.#ctx, seen);
    if (this.#looks++ % SHARES_EVERY_LOOKS === 0) await reportShares(this.#ctx, this.#pool);
  }

  /** Takes or renews the lead once per look, and then checks what only time can reveal. */
  async #lead(): Promise<boolean> {
    const now = this.#ctx.now();
    if (now < this.#leasedUntil && now - this.#lookedAt < this.#lookEveryMs) return true;
    const lease = await leadPool(this.#ctx, { pool: this.#pool, holder: this.#ctx.brokerId });
    this.#ctx.metrics.leadershipIs(this.#pool, lease !== null);
    if (!lease) {
      this.#index.forget();
      await this.#dispatcher.putBackHeld();
      return false;
    }
    this.#leasedUntil = now + 2 * this.#lookEveryMs;
    this.#lookedAt = now;
    await this.#index.check(lease.indexMark);
    await this.#index.reconcile((taskId) => this.#dispatcher.isHeld(taskId));
    await this.#dispatcher.look();
    await this.#leaveToOthers();
    this.#isReportDue = true;
    return true;
  }

  /** Where workers serve several pools, none of these may starve. */
  async #leaveToOthers(): Promise<void> {
    const { fleet } = this.#dispatcher;
    const isShared = fleet.some(({ models }) => Object.keys(models).length > 1);
    if (!isShared && this.#left.size === 0) return;
    const standings = await readPoolStandings(this.#ctx);
    const unserved = [...standings].flatMap(([pool, { unservedMs }]): [string, number][] =>
      unservedMs === null ? [] : [[pool, unservedMs]],
    );
    this.#left = leaveWorkers(this.#pool, fleet, new Map(unserved));
    this.#dispatcher.leave(this.#left);
  }

  #unservedMs(): number | null {
    return this.#unservedSince === null ? null : this.#ctx.now() - this.#unservedSince;
  }

  /** Until the next look, or until a task has been held for long enough. */
  #pauseMs(): number {
    const untils = this.#dispatcher.held.map(({ until }) => until - this.#ctx.now());
    return Math.max(0, Math.min(this.#lookEveryMs, ...untils));
  }
}

/** Waits until a round's time has passed once more; what comes meanwhile shares the next round. */
async function untilSpaced(beganAt: number, tookMs: number): Promise<void> {
  const pauseMs = beganAt + tookMs + Math.min(tookMs, PAUSE_MS_MAX) - performance.now();
  if (pauseMs > 0) await delay(pauseMs);
}
