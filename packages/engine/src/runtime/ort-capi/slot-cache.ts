import koffi from 'koffi';

import type { CacheType, GraphShape } from '../graph-shape.ts';
import type { SlotClass } from '../runtime.ts';
import type { Device } from './device.ts';
import type { OrtApi, Pointer } from './ort-api.ts';

export const ELEMENTS = {
  float32: { code: 1, bytes: 4 },
  int64: { code: 7, bytes: 8 },
  float16: { code: 10, bytes: 2 },
} as const;

/**
 * The key-value cache of one slot class, resident on the device: for each layer's keys and values
 * one tensor `[slots, heads, tokens, headSize]`. A slot lies in one piece, so one slot, or the
 * slots up to some number, are tensors of their own over the same memory, and a run reads and
 * writes it in place.
 */
export class SlotCache {
  readonly slotClass: SlotClass;
  readonly #api: OrtApi;
  readonly #device: Device;
  readonly #shape: GraphShape;
  readonly #type: CacheType;
  readonly #slotBytes: number;
  /** Whole tensors, in the order of `shape.caches`; or, where a device has no views, those of each slot in turn. */
  readonly #tensors: { value: Pointer; data: Pointer }[] = [];
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
      const pieces = device.hasViews ? 1 : slotClass.count;
      for (let piece = 0; piece < pieces * shape.caches.length; piece += 1) {
        const value = api.create(
          'CreateTensorAsOrtValue',
          device.allocator,
          this.#dimensions(slotClass.count / pieces),
          4,
          ELEMENTS[this.#type].code,
        );
        this.#tensors.push({ value, data: 0n });
        if (device.hasViews) {
          this.#tensors[piece] = { value, data: api.create('GetTensorMutableData', value) };
        }
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The tensors, in the order of `shape.caches`, of `count` slots from the class's `index`th on. */
  values(index: number, count: number): readonly Pointer[] {
    const { caches } = this.#shape;
    if (!this.#device.hasViews) {
      if (count !== 1) throw new RangeError('Slots of this device are run one at a time.');
      const start = index * caches.length;
      return this.#tensors.slice(start, start + caches.length).map(({ value }) => value);
    }
    const key = `${index}+${count}`;
    const known = this.#views.get(key);
    if (known) return known;

    const dimensions = this.#dimensions(count);
    const views = this.#tensors.map(({ data }) =>
      this.#api.create(
        'CreateTensorWithDataAsOrtValue',
        this.#device.memory,
        data + BigInt(index * this.#slotBytes),
        count * this.#slotBytes,
        dimensions,
        dimensions.length,
        ELEMENTS[this.#type].code,
      ),
    );
    this.#views.set(key, views);
    return views;
  }

  /** Copies the first `length` tokens of one slot of the class over those of another. */
  copy(from: number, to: number, length: number): void {
    const { copyMemory } = this.#device;
    if (copyMemory) {
      // Some bytes too many in few calls are sooner copied than the right ones in thousands.
      for (const { data } of this.#tensors) {
        const [target, source] = [to, from].map((index) => data + BigInt(index * this.#slotBytes));
        copyMemory(target ?? 0n, source ?? 0n, this.#slotBytes);
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
    for (const views of this.#views.values()) {
      for (const view of views) this.#api.release('ReleaseValue', view);
    }
    for (const { value } of this.#tensors) this.#api.release('ReleaseValue', value);
    this.#views.clear();
    this.#tensors.length = 0;
    this.#bytes.clear();
  }

  #slotBytesOf(index: number): Uint8Array[] {
    let bytes = this.#bytes.get(index);
    if (!bytes) {
      bytes = this.#tensors.map(({ data }) => {
        const start = data + BigInt(index * this.#slotBytes);
        return new Uint8Array(koffi.view(start, this.#slotBytes));
      });
      this.#bytes.set(index, bytes);
    }
    return bytes;
  }

  #dimensions(count: number): BigInt64Array {
    const { heads, headSize } = this.#shape;
    return BigInt64Array.from([count, heads, this.slotClass.tokens, headSize], BigInt);
  }
}
