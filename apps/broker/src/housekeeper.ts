/**
 * What one broker at a time does for the whole fleet: reconcilers and partitions. Every broker
 * ticks the pulse, so that time goes on while any of them lives.
 */
import {
  leadPool,
  makeEventPartitions,
  repair,
  REPAIRS,
  tickPulse,
  yieldPool,
} from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';

const TICK_MS = 1_000;
const PARTITIONS_EVERY_TICKS = 60;
/** A lease row of its own; no pool can have this name, since pool names hold no spaces. */
const HOUSEKEEPING = 'house keeping';

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
      if (this.#ticks++ % PARTITIONS_EVERY_TICKS === 0) await makeEventPartitions(this.#ctx);
      for (const name of REPAIRS) {
        const repaired = await repair(this.#ctx, name);
        if (repaired === 0) continue;
        this.#ctx.metrics.repaired(name, repaired);
        this.#ctx.logger.warn({ reconciler: name, repaired }, 'repaired');
      }
    } catch (err) {
      this.#ctx.logger.warn({ err }, 'housekeeping failed; it is tried again');
    }
  }
}
