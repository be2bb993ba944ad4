const KEYS_MAX = 100_000;
/** How long `charge` can keep a key waiting. */
const DEBT_MS_MAX = 30_000;

/**
 * Lets each key take `burst` at once and `perSecond` after that (GCRA: one number per key), per
 * process. Memory is bounded: beyond `keysMax` the key that took longest ago is dropped. Keys must
 * be short, such as an address group or a project's id, never unchecked input.
 */
export class RateLimiter {
  /** When each key has its full burst again; least recently used first. */
  readonly #fullAtMs = new Map<string, number>();
  readonly #msPerUnit: number;
  readonly #burst: number;
  readonly #keysMax: number;
  readonly #nowMs: () => number;

  constructor(options: {
    perSecond: number;
    burst: number;
    keysMax?: number;
    nowMs?: () => number;
  }) {
    this.#msPerUnit = 1000 / options.perSecond;
    this.#burst = options.burst;
    this.#keysMax = options.keysMax ?? KEYS_MAX;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /**
   * Takes `units` for `key` and returns 0, or takes nothing and returns the milliseconds until it
   * could. More than the burst counts as the whole burst.
   */
  take(key: string, units = 1): number {
    const nowMs = this.#nowMs();
    const fullAtMs = Math.max(this.#fullAtMs.get(key) ?? 0, nowMs);
    const takenAtMs = fullAtMs + Math.min(units, this.#burst) * this.#msPerUnit;
    const waitMs = takenAtMs - nowMs - this.#burst * this.#msPerUnit;
    // Sums of fractions may miss zero by a rounding error.
    if (waitMs > 1e-6) return waitMs;
    this.#remember(key, takenAtMs);
    return 0;
  }

  /**
   * Takes units that were used already, even more than `key` has left: it then waits, at most 30 s,
   * until they are made up for.
   */
  charge(key: string, units: number): void {
    const nowMs = this.#nowMs();
    const fullAtMs = Math.max(this.#fullAtMs.get(key) ?? 0, nowMs);
    const latestMs = nowMs + this.#burst * this.#msPerUnit + DEBT_MS_MAX;
    this.#remember(key, Math.min(fullAtMs + units * this.#msPerUnit, latestMs));
  }

  /** Returns what `take` took, for a call that turns out not to count, such as a right guess. */
  giveBack(key: string, units = 1): void {
    const fullAtMs = this.#fullAtMs.get(key);
    if (fullAtMs === undefined) return;
    this.#remember(key, fullAtMs - Math.min(units, this.#burst) * this.#msPerUnit);
  }

  get size(): number {
    return this.#fullAtMs.size;
  }

  #remember(key: string, fullAtMs: number): void {
    this.#fullAtMs.delete(key);
    this.#fullAtMs.set(key, fullAtMs);
    if (this.#fullAtMs.size <= this.#keysMax) return;
    const [oldest] = this.#fullAtMs.keys();
    if (oldest !== undefined) this.#fullAtMs.delete(oldest);
  }
}
