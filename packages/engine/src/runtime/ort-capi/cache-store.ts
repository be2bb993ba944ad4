import type { SlotClass } from '../runtime.ts';
import type { Pointer } from './ort-api.ts';

/** Cache tensors for a run, in the order of `shape.caches`; the same array for the same tensors. */
export type CacheValues = readonly Pointer[];

/** The key-value caches of one slot class. Slots are counted from the class's first. */
export type CacheStore = {
  readonly slotClass: SlotClass;
  /** For a run of one slot alone. */
  forOne(index: number): Promise<CacheValues>;
  /** For a run of these slots and all slots between them; `first` is the slot of the first row. */
  forMany(
    indexes: readonly number[],
  ): Promise<{ values: CacheValues; first: number; batch: number }>;
  /**
   * Copies the first `length` tokens of one slot over those of another; throws if the device
   * cannot.
   */
  copy(from: number, to: number, length: number): void;
  close(): void;
};
