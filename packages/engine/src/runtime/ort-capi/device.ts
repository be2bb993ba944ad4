import { describeDevice, hasViews, type Target } from '../provider.ts';
import { openCudaDriver } from './cuda-driver.ts';
import { readFreeVideoMemory } from './free-video-memory.ts';
import type { OrtApi, Pointer } from './ort-api.ts';

/** Where caches are kept and runs write, in terms of the C API. */
export type Device = {
  description: string;
  /** For the caches. */
  memory: Pointer;
  allocator: Pointer;
  /** For logits, which are read by this process. */
  hostAllocator: Pointer;
  hasViews: boolean;
  /**
   * Copies within the device's memory; absent if that is this process's memory, or if it is not
   * possible.
   */
  copyMemory?: (target: Pointer, source: Pointer, bytes: number) => void;
  freeBytes(): number;
  close(): void;
};

// Values of OrtAllocatorType and OrtMemType.
const DEVICE_ALLOCATOR = 0;
const ARENA_ALLOCATOR = 1;
const DEFAULT_MEMORY = 0;
const PINNED_MEMORY = -1;

// WebGPU does not report free memory. Without another source, assume what small cards have.
const WEBGPU_BYTES = 4 * 2 ** 30;

/**
 * Throws `OrtFailure` if the session does not run on the provider, and `EngineError` if its driver
 * is missing.
 */
export function openDevice(api: OrtApi, session: Pointer, target: Target): Device {
  const { provider, deviceIndex = 0 } = target;
  const host = api.create('GetAllocatorWithDefaultOptions');
  switch (provider) {
    case 'cpu':
      return {
        description: describeDevice(target),
        ...openMemory(api, session, undefined, host),
        hostAllocator: host,
        hasViews: hasViews(provider),
        freeBytes: () => process.availableMemory(),
      };
    case 'cuda': {
      const driver = openCudaDriver(deviceIndex);
      const pinned = openMemory(api, session, ['CudaPinned', PINNED_MEMORY, deviceIndex], host);
      const device = openMemory(api, session, ['Cuda', DEFAULT_MEMORY, deviceIndex], host);
      return {
        description: `${describeDevice(target)}, ${driver.deviceName}`,
        ...device,
        hostAllocator: pinned.allocator,
        hasViews: hasViews(provider),
        copyMemory: driver.copy,
        freeBytes: driver.freeBytes,
        close: () => {
          device.close();
          pinned.close();
        },
      };
    }
    case 'webgpu':
      return {
        description: describeDevice(target),
        ...openMemory(api, session, ['WebGPU_Buf', DEFAULT_MEMORY, 0], host),
        hostAllocator: host,
        hasViews: hasViews(provider),
        freeBytes: () => readFreeVideoMemory() ?? Math.min(WEBGPU_BYTES, process.availableMemory()),
      };
  }
}

function openMemory(
  api: OrtApi,
  session: Pointer,
  named: [name: string, kind: number, index: number] | undefined,
  host: Pointer,
): Pick<Device, 'memory' | 'allocator' | 'close'> {
  if (!named) {
    const memory = api.create('CreateCpuMemoryInfo', ARENA_ALLOCATOR, DEFAULT_MEMORY);
    return { memory, allocator: host, close: () => api.release('ReleaseMemoryInfo', memory) };
  }
  const [name, kind, index] = named;
  const memory = api.create('CreateMemoryInfo', name, DEVICE_ALLOCATOR, index, kind);
  try {
    const allocator = api.create('CreateAllocator', session, memory);
    const close = () => {
      api.release('ReleaseAllocator', allocator);
      api.release('ReleaseMemoryInfo', memory);
    };
    return { memory, allocator, close };
  } catch (error) {
    api.release('ReleaseMemoryInfo', memory);
    throw error;
  }
}
