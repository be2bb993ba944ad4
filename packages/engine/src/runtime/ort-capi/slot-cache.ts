import koffi from 'koffi';

import type { CacheType, GraphShape } from '../graph-shape.ts';
import type { SlotClass } from '../runtime.ts';
import type { CacheStore, CacheValues } from './cache-store.ts';
import type { Device } from './device.ts';
import { ELEMENTS } from './elements.ts';
import type { OrtApi, Pointer } from './ort-api.ts';

/**
 * The key-value cache of one slot class, resident on the device: one tensor `[slots, heads, tokens,
 * headSize]` for each layer's keys and one for its values. A slot is contiguous, so one slot, or a
 * range of slots, is a tensor over the same memory, and a run reads and writes it in place.
 */
export class SlotCache implements CacheStore {
  readonly slotClass: SlotClass;
  readonly #api: OrtApi;
  readonly #device: Device;
  readonly #shape: GraphShape;
  readonly #type: CacheType;
  readonly #slotBytes: number;
  /** One for each of `shape.caches`. */
  readonly #tensors: Pointer[] = [];
  /** Where the tensors' memory begins. */
  readonly #starts: Pointer[] = [];
  readonly #views = new Map<string, Pointer[]>();
  readonly #bytes = new Map<number, Uint8Array[]>();

  constructor(api: OrtApi, device: Device, shape: GraphShape, slotClass: SlotClass) {
    this.slotClass = slotClass;
    this.#api = api;
    this.#device = device;
    this.#shape = shape;
    this.#type = shape.cacheType;
    const elements = shape.heads * slotClass.tokens * shape.headSize;
    this.#slotBytes = elements * ELEMENTS[shape.cacheType].bytes;
    try {
      const dimensions = this.#dimensions(slotClass.count);
      for (let left = shape.caches.length; left > 0; left -= 1) {
        const tensor = api.create(
          'CreateTensorAsOrtValue',
          device.allocator,
          dimensions,
          dimensions.length,
          ELEMENTS[this.#type].code,
        );
        this.#tensors.push(tensor);
        this.#starts.push(api.create('GetTensorMutableData', tensor));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async forOne(index: number): Promise<CacheValues> {
    return this.#values(index, 1);
  }

  async forMany(
    indexes: readonly number[],
  ): Promise<{ values: CacheValues; first: number; batch: number }> {
    const first = Math.min(...indexes);
    const batch = Math.max(...indexes) + 1 - first;
    return { values: this.#values(first, batch), first, batch };
  }

  copy(from: number, to: number, length: number): void {
    const { copyMemory } = this.#device;
    if (copyMemory) {
      // Few calls that copy some bytes too many are faster than thousands that copy the right ones.
      for (const start of this.#starts) {
        const [target, source] = [this.#offset(start, to), this.#offset(start, from)];
        copyMemory(target, source, this.#slotBytes);
      }
      return;
    }
    const [sources, targets] = [this.#slotBytesOf(from), this.#slotBytesOf(to)];
    const headBytes = this.#slotBytes / this.#shape.heads;
    const bytes = (headBytes / this.slotClass.tokens) * length;
    for (const [at, source] of sources.entries()) {
      for (let start = 0; start < this.#slotBytes; start += headBytes) {
        targets[at]?.set(source.subarray(start, start + bytes), start);
      }
    }
  }

  close(): void {
    for (const value of [...this.#views.values(), this.#tensors].flat()) {
      this.#api.release('ReleaseValue', value);
    }
    this.#views.clear();
    this.#tensors.length = 0;
    this.#bytes.clear();
  }

  #values(index: number, count: number): CacheValues {
    const key = `${index}+${count}`;
    let values = this.#views.get(key);
    if (!values) {
      values = this.#view(index, count);
      this.#views.set(key, values);
    }
    return values;
  }

  #view(index: number, count: number): Pointer[] {
    const dimensions = this.#dimensions(count);
    return this.#starts.map((start) =>
      this.#api.create(
        'CreateTensorWithDataAsOrtValue',
        this.#device.memory,
        this.#offset(start, index),
        count * this.#slotBytes,
        dimensions,
        dimensions.length,
        ELEMENTS[this.#type].code,
      ),
    );
  }

  #offset(start: Pointer, index: number): Pointer {
    return start + BigInt(index * this.#slotBytes);
  }

  #slotBytesOf(index: number): Uint8Array[] {
    let bytes = this.#bytes.get(index);
    if (!bytes) {
      bytes = this.#starts.map(
        (start) => new Uint8Array(koffi.view(this.#offset(start, index), this.#slotBytes)),
      );
      this.#bytes.set(index, bytes);
    }
    return bytes;
  }

  #dimensions(count: number): BigInt64Array {
    const { heads, headSize } = this.#shape;
    return BigInt64Array.from([count, heads, this.slotClass.tokens, headSize], BigInt);
  }
}
