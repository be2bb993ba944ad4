import type { GraphShape } from '../graph-shape.ts';
import type { SlotClass } from '../runtime.ts';
import type { CacheStore, CacheValues } from './cache-store.ts';
import type { Device } from './device.ts';
import { ELEMENTS } from './elements.ts';
import type { OrtApi, Pointer } from './ort-api.ts';
import type { SlotMover } from './slot-mover.ts';

/**
 * Caches on a device whose buffers are handles, so that no part of one can be a tensor of its own:
 * WebGPU. Each slot has its own tensors, for prompts and for answers that run alone, and all slots
 * share tensors for answers that run together. A slot's tokens are in one of the two and move when
 * they are needed in the other, which happens when answers start or end and not with every step.
 */
export class HandleCache implements CacheStore {
  readonly slotClass: SlotClass;
  readonly #api: OrtApi;
  readonly #mover: SlotMover;
  readonly #slots: Pointer[][] = [];
  readonly #batch: Pointer[] = [];
  /** Slots whose tokens are in the shared tensors. */
  readonly #together = new Set<number>();

  constructor(
    api: OrtApi,
    device: Device,
    shape: GraphShape,
    options: { slotClass: SlotClass; mover: SlotMover },
  ) {
    const { slotClass, mover } = options;
    const { heads, headSize, caches, cacheType } = shape;
    this.slotClass = slotClass;
    this.#api = api;
    this.#mover = mover;
    const allocate = (into: Pointer[], count: number) => {
      const sizes = BigInt64Array.from([count, heads, slotClass.tokens, headSize], BigInt);
      const { code } = ELEMENTS[cacheType];
      for (let left = caches.length; left > 0; left -= 1) {
        into.push(
          api.create('CreateTensorAsOrtValue', device.allocator, sizes, sizes.length, code),
        );
      }
    };
    try {
      for (let slot = 0; slot < slotClass.count; slot += 1) {
        const tensors: Pointer[] = [];
        this.#slots.push(tensors);
        allocate(tensors, 1);
      }
      if (slotClass.count > 1) allocate(this.#batch, slotClass.count);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async forOne(index: number): Promise<CacheValues> {
    const slot = this.#at(index);
    if (this.#together.has(index)) {
      await this.#mover.extract(this.#batch, slot, index);
      this.#together.delete(index);
    }
    return slot;
  }

  async forMany(
    indexes: readonly number[],
  ): Promise<{ values: CacheValues; first: number; batch: number }> {
    for (const index of indexes) {
      if (this.#together.has(index)) continue;
      await this.#mover.insert(this.#at(index), this.#batch, index);
      this.#together.add(index);
    }
    return { values: this.#batch, first: 0, batch: this.slotClass.count };
  }

  copy(): void {
    throw new Error('The slots of this device cannot be copied into each other.');
  }

  close(): void {
    for (const value of [...this.#slots.flat(), ...this.#batch]) {
      this.#api.release('ReleaseValue', value);
    }
    this.#slots.length = 0;
    this.#batch.length = 0;
  }

  #at(index: number): Pointer[] {
    const slot = this.#slots[index];
    if (!slot) throw new RangeError(`There is no slot ${index} in this class.`);
    return slot;
  }
}
