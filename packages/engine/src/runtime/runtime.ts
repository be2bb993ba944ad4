/** One step of one sequence: `id` is the newest token, `length` the tokens already in its cache. */
export type DecodeRow = { slot: number; id: number; length: number };

/**
 * A loaded graph with a key-value cache per slot. Calls come one at a time. The logits of a call
 * may be changed by the caller and belong to it.
 */
export type Runtime = AsyncDisposable & {
  readonly provider: string;
  readonly device: string;
  readonly slots: number;
  readonly vocabularySize: number;
  /** Appends `ids` to a slot whose cache holds `start` tokens; the logits of the last of them. */
  prefillChunk(
    slot: number,
    ids: readonly number[] | Int32Array,
    start: number,
  ): Promise<Float32Array>;
  /** One token for each row; their logits in the same order. */
  decode(rows: readonly DecodeRow[]): Promise<Float32Array[]>;
  /** Forgets all but the first `length` tokens of a slot. */
  rewind(slot: number, length: number): void;
};
