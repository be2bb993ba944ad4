import type { Db } from '@runfleet/db';
import { type ModelStats, readModelStats } from '@runfleet/tasks';

const TTL_MS = 10_000;

/**
 * Remembers how often models ran. Counting reads every task, and anybody may look at the catalogue:
 * however many look, it is counted once in ten seconds.
 */
export class ModelStatsCache {
  readonly #ctx: { db: Db };
  readonly #nowMs: () => number;
  #found: Promise<Map<string, ModelStats>> | null = null;
  #expiresAtMs = 0;

  constructor(ctx: { db: Db }, nowMs: () => number = () => performance.now()) {
    this.#ctx = ctx;
    this.#nowMs = nowMs;
  }

  async read(): Promise<Map<string, ModelStats>> {
    const nowMs = this.#nowMs();
    if (this.#found === null || nowMs >= this.#expiresAtMs) {
      this.#found = readModelStats(this.#ctx);
      this.#expiresAtMs = nowMs + TTL_MS;
    }
    try {
      return await this.#found;
    } catch (error) {
      this.#found = null;
      throw error;
    }
  }
}
