import koffi from 'koffi';

import { ELEMENTS, type ElementType } from './elements.ts';
import type { OrtApi, Pointer } from './ort-api.ts';

/** Memory of this process that the provider copies from and to; pinned if that makes it faster. */
export type HostMemory = { buffer: ArrayBuffer; release(): void };

/** The memory is not initialised. It never moves, and stays until it is released. */
export function allocateHostMemory(
  api: OrtApi,
  allocator: Pointer,
  type: ElementType,
  length: number,
): HostMemory {
  const { code, bytes } = ELEMENTS[type];
  const shape = BigInt64Array.of(BigInt(length));
  const value = api.create('CreateTensorAsOrtValue', allocator, shape, shape.length, code);
  const data = api.create('GetTensorMutableData', value);
  return {
    buffer: koffi.view(data, length * bytes),
    release: () => api.release('ReleaseValue', value),
  };
}
