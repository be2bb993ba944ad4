const RENEWED_AT = 0;
const GENERATION = 1;

/**
 * What the worker's main thread leaves for the thread that keeps its lease: memory that both read, since
 * a main thread that is busy answers nothing.
 */
export class LeaseBoard {
  readonly buffer: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  constructor(buffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new BigInt64Array(buffer);
  }

  /** The main thread registered, or renewed its lease. */
  renewed(generation: number): void {
    Atomics.store(this.#words, RENEWED_AT, process.hrtime.bigint());
    Atomics.store(this.#words, GENERATION, BigInt(generation));
  }

  /** For which connection the lease is, 0 before the first, and for how long it was not renewed. */
  read(): { generation: number; silentMs: number } {
    const silence = process.hrtime.bigint() - Atomics.load(this.#words, RENEWED_AT);
    return {
      generation: Number(Atomics.load(this.#words, GENERATION)),
      silentMs: Number(silence / 1_000_000n),
    };
  }
}
