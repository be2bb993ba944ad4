import { setTimeout as delay } from 'node:timers/promises';

import type { RunfleetClient } from '@runfleet/client';

import { MODEL } from '../e2e/fleet.ts';

const CALLERS = 2;
const PAUSE_MS = 60;
const PATIENCE_MS = 30_000;

export type NeighbourRun = { beganAt: number; tookMs: number; hasSucceeded: boolean };

/** A well-behaved tenant: it sends small Runs and follows each to its end frame. */
export class Neighbour implements AsyncDisposable {
  readonly runs: NeighbourRun[] = [];
  readonly #client: RunfleetClient;
  readonly #stopping = new AbortController();
  readonly #callers: Promise<void>[];
  #asked = 0;

  constructor(client: RunfleetClient) {
    this.#client = client;
    this.#callers = Array.from({ length: CALLERS }, () => this.#call());
  }

  /** Waits for the Runs that began between `fromMs` and `toMs` to end, and returns them. */
  async between(fromMs: number, toMs: number): Promise<NeighbourRun[]> {
    while (this.#pendingSince() < toMs) await delay(PAUSE_MS);
    return this.runs.filter(({ beganAt }) => beganAt >= fromMs && beganAt < toMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#callers);
  }

  readonly #pending = new Set<number>();

  #pendingSince(): number {
    return Math.min(Infinity, ...this.#pending);
  }

  async #call(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const beganAt = performance.now();
      this.#pending.add(beganAt);
      const hasSucceeded = await this.#run().catch(() => false);
      this.#pending.delete(beganAt);
      this.runs.push({ beganAt, tookMs: performance.now() - beganAt, hasSucceeded });
      await delay(PAUSE_MS);
    }
  }

  async #run(): Promise<boolean> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const parameters = { prompt: `Say ${++this.#asked}`, max_tokens: 4, seed: 1 };
    const options = { requires: { zone: 'a' }, signal };
    const { token } = await this.#client.run(MODEL, parameters, options);
    let hasSucceeded = false;
    for await (const frame of this.#client.follow(token, { mode: 'delta', signal })) {
      hasSucceeded = frame.type === 'task_postprocess_end';
    }
    return hasSucceeded;
  }
}
