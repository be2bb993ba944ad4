/**
 * What one broker at a time does for the whole fleet. Every broker ticks the pulse, so that time
 * goes on while any of them lives, however long something else takes.
 */
import { readLedgerDrift } from '@runfleet/billing';
import { formatUsd } from '@runfleet/protocol';
import {
  analyzeGrownTables,
  foldEndedTasks,
  leadPool,
  makeEventPartitions,
  purgeGoneWorkers,
  purgeIdempotencyKeys,
  type Repair,
  repair,
  repairAccounts,
  REPAIRS,
  tickPulse,
  yieldPool,
} from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';

const TICK_MS = 1_000;
/** A lease row of its own; no pool can have this name, since pool names hold no spaces. */
const HOUSEKEEPING = 'house keeping';

/** What is repaired less often than at each tick: parked tasks wait for a worker, which looks itself. */
const EVERY_TICKS: Partial<Record<Repair, number>> = { 'parked-tasks': 30 };

type Chore = (ctx: BrokerContext) => Promise<number>;

/**
 * What looks at more than a few rows, how often, and whether its count is of things that were wrong.
 * They run beside the ticks, since some read whole tables, and a broker that does them keeps the lead.
 */
const CHORES = {
  'event-partitions': { everyTicks: 10, isRepair: true, run: makeEventPartitions },
  statistics: { everyTicks: 2, isRepair: false, run: analyzeGrownTables },
  'idempotency-keys': { everyTicks: 2, isRepair: false, run: purgeIdempotencyKeys },
  'gone-workers': { everyTicks: 60, isRepair: false, run: purgeGoneWorkers },
  accounts: { everyTicks: 60, isRepair: true, run: repairAccounts },
  'model-figures': { everyTicks: 60, isRepair: false, run: foldEndedTasks },
  'ledger-drift': { everyTicks: 3_600, isRepair: false, run: checkLedger },
} as const satisfies Record<string, { everyTicks: number; isRepair: boolean; run: Chore }>;

export class Housekeeper implements AsyncDisposable {
  readonly #ctx: BrokerContext;
  readonly #timer: NodeJS.Timeout;
  readonly #stopping = new AbortController();
  /** What runs now: a second call waits for its next turn. */
  readonly #running = new Map<string, Promise<void>>();
  #ticks = 0;

  constructor(ctx: BrokerContext) {
    this.#ctx = ctx;
    this.#timer = setInterval(() => {
      this.#start('pulse', () => tickPulse(ctx));
      this.#start('repairs', () => this.#keepHouse());
    }, TICK_MS);
  }

  /** What reads whole tables is not waited for: it ends with its connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await Promise.all([this.#running.get('pulse'), this.#running.get('repairs')]);
    await yieldPool(this.#ctx, { pool: HOUSEKEEPING, holder: this.#ctx.brokerId }).catch(() => {
      // The lease runs out by itself.
    });
  }

  async #keepHouse(): Promise<void> {
    const lease = await leadPool(this.#ctx, { pool: HOUSEKEEPING, holder: this.#ctx.brokerId });
    if (!lease) return;
    const tick = this.#ticks++;
    for (const name of REPAIRS) {
      if (tick % (EVERY_TICKS[name] ?? 1) !== 0) continue;
      // One that fails keeps none of the others from their turn.
      await this.#attempt(name, async () => this.#report(name, await repair(this.#ctx, name)));
    }
    for (const [name, { everyTicks, isRepair, run }] of Object.entries(CHORES)) {
      if (tick % everyTicks !== 0) continue;
      this.#start(name, async () => {
        const count = await run(this.#ctx);
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
      this.#ctx.logger.warn({ err, work: name }, 'housekeeping failed; it is tried again');
    }
  }

  #report(reconciler: string, repaired: number): void {
    if (repaired === 0) return;
    this.#ctx.metrics.repaired(reconciler, repaired);
    this.#ctx.logger.warn({ reconciler, repaired }, 'repaired');
  }
}

async function checkLedger(ctx: BrokerContext): Promise<number> {
  const drift = await readLedgerDrift(ctx);
  ctx.metrics.ledgerDriftIs(Number(formatUsd(drift)));
  if (drift === 0n) return 0;
  ctx.logger.error({ usd: formatUsd(drift) }, 'accounts differ from their transfers');
  return 1;
}
