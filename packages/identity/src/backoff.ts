type Entry = { failures: number; freeAtMs: number; forgetAtMs: number };

const FREE_FAILURES = 5;
const FIRST_DELAY_MS = 1000;
const DELAY_MS_MAX = 15 * 60_000;
const FORGET_MS = 60 * 60_000;
const ENTRIES_MAX = 10_000;

/**
 * Delays that double with each failure of a key, from the sixth on: 1 s to 15 min. An hour without
 * a failure resets a key. Beyond `ENTRIES_MAX` the key with the oldest failure is dropped.
 */
export class Backoff {
  readonly #entries = new Map<string, Entry>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  waitMs(key: string): number {
    return Math.max(0, (this.#entries.get(key)?.freeAtMs ?? 0) - this.#nowMs());
  }

  fail(key: string): void {
    const nowMs = this.#nowMs();
    const entry = this.#entries.get(key);
    const failures = (entry && entry.forgetAtMs > nowMs ? entry.failures : 0) + 1;
    const delayMs =
      failures < FREE_FAILURES
        ? 0
        : Math.min(FIRST_DELAY_MS * 2 ** (failures - FREE_FAILURES), DELAY_MS_MAX);
    this.#entries.delete(key);
    this.#entries.set(key, { failures, freeAtMs: nowMs + delayMs, forgetAtMs: nowMs + FORGET_MS });
    if (this.#entries.size <= ENTRIES_MAX) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Removes one failure and its delay. */
  withdraw(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.failures--;
    entry.freeAtMs = this.#nowMs();
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}
