/**
 * Caches a value that is expensive to read. It is read at most once in `ttlMs`, by the first caller
 * after it expired; concurrent callers wait for the same read.
 */
export class Remembered<T> {
  readonly #read: () => Promise<T>;
  readonly #ttlMs: number;
  readonly #nowMs: () => number;
  #found: Promise<T> | null = null;
  #expiresAtMs = 0;

  constructor(read: () => Promise<T>, ttlMs: number, nowMs = () => performance.now()) {
    this.#read = read;
    this.#ttlMs = ttlMs;
    this.#nowMs = nowMs;
  }

  /** A failure is not cached. */
  async read(): Promise<T> {
    const nowMs = this.#nowMs();
    if (this.#found === null || nowMs >= this.#expiresAtMs) {
      this.#found = this.#read();
      this.#expiresAtMs = nowMs + this.#ttlMs;
    }
    try {
      return await this.#found;
    } catch (error) {
      this.#found = null;
      throw error;
    }
  }
}
