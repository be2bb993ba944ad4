/** One step of one sequence: `id` is the newest token, `length` the tokens already in its cache. */
export type DecodeRow = { slot: number; id: number; length: number };

/**
 * Slots of one size, numbered from `first`. Two classes differ in their LongRoPE table, too: a
 * sequence beyond the first class's `tokens` is computed anew, from its first token, in the second.
 */
export type SlotClass = { first: number; count: number; tokens: number };

/**
 * A loaded graph with a key-value cache per slot. Calls come one at a time. The logits of a call
 * may be changed by the caller, and hold until the next call. A run that fails leaves every slot
 * with the tokens that it held before, and a closed runtime refuses every call.
 */
export type Runtime = AsyncDisposable & {
  readonly provider: string;
  readonly device: string;
  /** What the device cannot do, for operators; empty where nothing is to be said. */
  readonly note: string;
  /** One or two, the shorter first. */
  readonly slotClasses: readonly [SlotClass, SlotClass?];
  /** The most tokens that `prefillChunk` takes at once onto `start` others. */
  chunkTokensMax(start: number): number;
  /** Memory of one token in a slot's cache. */
  readonly cacheBytesPerToken: number;
  readonly vocabularySize: number;
  /** Appends `ids` to a slot whose cache holds `start` tokens; the logits of the last of them. */
  prefillChunk(
    slot: number,
    ids: readonly number[] | Int32Array,
    start: number,
  ): Promise<Float32Array>;
  /** Appends `ids` as `prefillChunk` does; the logits after each of them. */
  verify(slot: number, ids: readonly number[], start: number): Promise<Float32Array[]>;
  /** One token for each row, all of one class; their logits in the same order. */
  decode(rows: readonly DecodeRow[]): Promise<Float32Array[]>;
  /** Forgets all but the first `length` tokens of a slot. */
  rewind(slot: number, length: number): void;
  /** Whether `copy` works on this device. */
  readonly canCopy: boolean;
  /** Makes a slot hold the first `length` tokens of another of its class. */
  copy(from: number, to: number, length: number): void;
  /** Ends the run under way, which then rejects; does nothing where none is or it cannot be ended. */
  terminate(): void;
};
