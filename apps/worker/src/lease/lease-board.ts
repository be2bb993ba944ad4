const RENEWED_AT = 0;
const GENERATION = 1;

/**
 * Memory that the worker's main thread shares with its lease thread: a busy main thread cannot
 * answer messages.
 */
export class LeaseBoard {
  readonly buffer: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  constructor(buffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new BigInt64Array(buffer);
  }

  /** Records that the main thread registered or renewed its lease. */
  renewed(generation: number): void {
    Atomics.store(this.#words, RENEWED_AT, process.hrtime.bigint());
    Atomics.store(this.#words, GENERATION, BigInt(generation));
  }

  /** The generation of the lease, 0 before the first, and the time since its last renewal. */
  read(): { generation: number; silentMs: number } {
    const silence = process.hrtime.bigint() - Atomics.load(this.#words, RENEWED_AT);
    return {
      generation: Number(Atomics.load(this.#words, GENERATION)),
      silentMs: Number(silence / 1_000_000n),
    };
  }
}
