/** One step of one sequence: `id` is the newest token, `length` the tokens already in its cache. */
export type DecodeRow = { slot: number; id: number; length: number };

/**
 * Slots of one size, numbered from `first`. Two classes also differ in their LongRoPE table: a
 * sequence beyond the first class's `tokens` is computed again in the second, from its first token.
 */
export type SlotClass = { first: number; count: number; tokens: number };

/**
 * A loaded graph with a key-value cache per slot. Only one call may be under way. The caller may
 * change the logits of a call; they are valid until the next one. A failed run leaves every slot
 * with the tokens it held before, and a closed runtime refuses every call.
 */
export type Runtime = AsyncDisposable & {
  readonly provider: string;
  readonly device: string;
  /** For operators: what the device cannot do; empty if there is nothing to report. */
  readonly note: string;
  /** One or two, the shorter first. */
  readonly slotClasses: readonly [SlotClass, SlotClass?];
  /** The most tokens that `prefillChunk` takes at once after `start` others. */
  chunkTokensMax(start: number): number;
  /**
   * The distance of the places at which prompts are cut, after `start` tokens: a power of two, at
   * most `chunkTokensMax`, that depends on nothing else while the runtime is open.
   */
  chunkDistance(start: number): number;
  /** Memory of one token in a slot's cache. */
  readonly cacheBytesPerToken: number;
  readonly vocabularySize: number;
  /**
   * Appends `ids` to a slot whose cache holds `start` tokens; returns the logits of the last one.
   */
  prefillChunk(
    slot: number,
    ids: readonly number[] | Int32Array,
    start: number,
  ): Promise<Float32Array>;
  /** Appends `ids` like `prefillChunk`; returns the logits after each of them. */
  verify(slot: number, ids: readonly number[], start: number): Promise<Float32Array[]>;
  /** One token for each row, all of one class; returns their logits in the same order. */
  decode(rows: readonly DecodeRow[]): Promise<Float32Array[]>;
  /** Drops all but the first `length` tokens of a slot. */
  rewind(slot: number, length: number): void;
  /** Whether `copy` works on this device. */
  readonly canCopy: boolean;
  /** Makes a slot hold the first `length` tokens of another of its class. */
  copy(from: number, to: number, length: number): void;
  /**
   * Ends the current run, which then rejects. Does nothing if there is none or it cannot be ended.
   */
  terminate(): void;
};
