/**
 * The periodic work that keeps tasks, money and callbacks moving, which one broker at a time does for
 * the whole fleet. It needs no Redis. Work that may wait for Redis is in `upkeep/upkeep-jobs.ts`.
 * Every broker ticks the pulse, so that it advances while any broker lives, however long the other
 * work takes.
 */
import { readLedgerDrift } from '@runfleet/billing';
import { listLostJobs, readDeliveryLoad } from '@runfleet/callbacks';
import { formatUsd } from '@runfleet/protocol';
import type { CallbackJobs } from '@runfleet/queue';
import {
  analyzeGrownTables,
  leadPool,
  type Repair,
  repair,
  repairAccounts,
  REPAIRS,
  tickPulse,
  yieldPool,
} from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';
import type { Upkeep } from './upkeep/upkeep.ts';

const TICK_MS = 1_000;
/** The name of the lease row. No pool can have it, because pool names contain no spaces. */
const HOUSEKEEPING = 'house keeping';

/**
 * Repairs that do not run at every tick. Parked tasks wait for a worker, and each worker checks for
 * them.
 */
const EVERY_TICKS: Partial<Record<Repair, number>> = { 'parked-tasks': 30 };

type Chore = (ctx: BrokerContext, means: Means) => Promise<number>;

/** What its work needs beside the broker's parts. */
type Means = { callbackJobs: CallbackJobs; upkeep: Pick<Upkeep, 'schedule'> };

/**
 * Work that reads more than a few rows, with its interval, and whether its count is one of repairs.
 * Chores run concurrently with the ticks, because some read whole tables and the broker must keep
 * its lease while they run.
 */
const CHORES = {
  statistics: { everyTicks: 2, isRepair: false, run: analyzeGrownTables },
  accounts: { everyTicks: 60, isRepair: true, run: repairAccounts },
  'callback-jobs': { everyTicks: 10, isRepair: true, run: addLostJobs },
  'upkeep-jobs': { everyTicks: 10, isRepair: true, run: (_ctx, { upkeep }) => upkeep.schedule() },
  'ledger-drift': { everyTicks: 3_600, isRepair: false, run: checkLedger },
} as const satisfies Record<string, { everyTicks: number; isRepair: boolean; run: Chore }>;

export class Housekeeper implements AsyncDisposable {
  readonly #ctx: BrokerContext;
  readonly #means: Means;
  readonly #timer: NodeJS.Timeout;
  readonly #stopping = new AbortController();
  /** The current runs. Work that is still running is skipped when it is due again. */
  readonly #running = new Map<string, Promise<void>>();
  #ticks = 0;

  constructor(ctx: BrokerContext, means: Means) {
    this.#ctx = ctx;
    this.#means = means;
    this.#timer = setInterval(() => {
      this.#start('pulse', () => tickPulse(ctx));
      this.#start('repairs', () => this.#keepHouse());
    }, TICK_MS);
  }

  /** Does not wait for chores, which may read whole tables: they end with their connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await Promise.all([this.#running.get('pulse'), this.#running.get('repairs')]);
    await yieldPool(this.#ctx, { pool: HOUSEKEEPING, holder: this.#ctx.brokerId }).catch(() => {
      // The lease expires anyway.
    });
  }

  async #keepHouse(): Promise<void> {
    const lease = await leadPool(this.#ctx, { pool: HOUSEKEEPING, holder: this.#ctx.brokerId });
    if (!lease) return;
    const tick = this.#ticks++;
    for (const name of REPAIRS) {
      if (tick % (EVERY_TICKS[name] ?? 1) !== 0) continue;
      // A repair that fails must not prevent the others.
      await this.#attempt(name, async () => this.#report(name, await repair(this.#ctx, name)));
    }
    for (const [name, { everyTicks, isRepair, run }] of Object.entries(CHORES)) {
      if (tick % everyTicks !== 0) continue;
      this.#start(name, async () => {
        const count = await run(this.#ctx, this.#means);
        if (isRepair) this.#report(name, count);
      });
    }
  }

  #start(name: string, work: () => Promise<void>): void {
    if (this.#running.has(name)) return;
    const done = this.#attempt(name, work).finally(() => this.#running.delete(name));
    this.#running.set(name, done);
  }

  async #attempt(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (err) {
      if (this.#stopping.signal.aborted) return;
      this.#ctx.logger.warn({ err, work: name }, 'housekeeping failed; retrying');
    }
  }

  #report(reconciler: string, repaired: number): void {
    if (repaired === 0) return;
    this.#ctx.metrics.repaired(reconciler, repaired);
    this.#ctx.logger.warn({ reconciler, repaired }, 'repaired');
  }
}

/** Also measures them: both read the open deliveries. */
async function addLostJobs(ctx: BrokerContext, { callbackJobs }: Means): Promise<number> {
  const { open, oldestDueSeconds } = await readDeliveryLoad(ctx);
  ctx.metrics.callbacksAre(open, oldestDueSeconds);
  if (open === 0) return 0;
  const jobs = await listLostJobs(ctx);
  await callbackJobs.add(jobs);
  return jobs.length;
}

async function checkLedger(ctx: BrokerContext): Promise<number> {
  const drift = await readLedgerDrift(ctx);
  ctx.metrics.ledgerDriftIs(Number(formatUsd(drift)));
  if (drift === 0n) return 0;
  ctx.logger.error({ usd: formatUsd(drift) }, 'accounts differ from their transfers');
  return 1;
}
