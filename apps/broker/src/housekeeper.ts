/**
 * What one broker at a time does for the whole fleet: reconcilers and partitions. Every broker
 * ticks the pulse, so that time goes on while any of them lives.
 */
import { readLedgerDrift } from '@runfleet/billing';
import { formatUsd } from '@runfleet/protocol';
import {
  foldEndedTasks,
  leadPool,
  makeEventPartitions,
  purgeIdempotencyKeys,
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

/** Reconcilers that look at more than a few rows, and how often they do. */
const SLOW_REPAIRS = {
  'event-partitions': { everyTicks: 10, run: makeEventPartitions },
  accounts: { everyTicks: 60, run: repairAccounts },
} as const;

/** What grows and is cut back, or is added up, without anything having gone wrong. */
const UPKEEP = {
  'idempotency-keys': { everyTicks: 10, run: purgeIdempotencyKeys },
  'model-figures': { everyTicks: 60, run: foldEndedTasks },
} as const;

/** Reads every transfer. */
const LEDGER_EVERY_TICKS = 3_600;

export class Housekeeper implements AsyncDisposable {
  readonly #ctx: BrokerContext;
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  #ticking: Promise<void> | null = null;

  constructor(ctx: BrokerContext) {
    this.#ctx = ctx;
    this.#timer = setInterval(() => {
      this.#ticking ??= this.#tick().finally(() => {
        this.#ticking = null;
      });
    }, TICK_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#ticking;
    await yieldPool(this.#ctx, { pool: HOUSEKEEPING, holder: this.#ctx.brokerId }).catch(() => {
      // The lease runs out by itself.
    });
  }

  async #tick(): Promise<void> {
    try {
      await tickPulse(this.#ctx);
      const lease = await leadPool(this.#ctx, {
        pool: HOUSEKEEPING,
        holder: this.#ctx.brokerId,
      });
      if (!lease) return;
      const tick = this.#ticks++;
      for (const name of REPAIRS) this.#report(name, await repair(this.#ctx, name));
      for (const [name, { everyTicks, run }] of Object.entries(SLOW_REPAIRS)) {
        if (tick % everyTicks === 0) this.#report(name, await run(this.#ctx));
      }
      for (const { everyTicks, run } of Object.values(UPKEEP)) {
        if (tick % everyTicks === 0) await run(this.#ctx);
      }
      if (tick % LEDGER_EVERY_TICKS === 0) await this.#checkLedger();
    } catch (err) {
      this.#ctx.logger.warn({ err }, 'housekeeping failed; it is tried again');
    }
  }

  #report(reconciler: string, repaired: number): void {
    if (repaired === 0) return;
    this.#ctx.metrics.repaired(reconciler, repaired);
    this.#ctx.logger.warn({ reconciler, repaired }, 'repaired');
  }

  async #checkLedger(): Promise<void> {
    const drift = await readLedgerDrift(this.#ctx);
    this.#ctx.metrics.ledgerDriftIs(Number(formatUsd(drift)));
    if (drift !== 0n) {
      this.#ctx.logger.error({ usd: formatUsd(drift) }, 'accounts differ from their transfers');
    }
  }
}
