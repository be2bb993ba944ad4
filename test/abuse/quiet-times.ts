import { setTimeout as delay } from 'node:timers/promises';

import { p95 } from './judge.ts';
import type { Neighbour } from './neighbour.ts';

/** The neighbour's latencies while there is no abuse. */
export class QuietTimes {
  readonly #neighbour: Neighbour;
  readonly #tookMs: number[] = [];

  constructor(neighbour: Neighbour) {
    this.#neighbour = neighbour;
  }

  get count(): number {
    return this.#tookMs.length;
  }

  get p95Ms(): number {
    return p95(this.#tookMs);
  }

  /** Adds the Runs of the next `forMs`. */
  async measure(forMs: number): Promise<void> {
    const beganAt = performance.now();
    await delay(forMs);
    const runs = await this.#neighbour.between(beganAt, performance.now());
    this.#tookMs.push(...runs.map(({ tookMs }) => tookMs));
  }
}
