import { cpus, totalmem } from 'node:os';

import { describeCudaDevice } from '@runfleet/engine';

/** A device's name and the memory that models may share on it; null if unknown. */
export type Device = { readonly name: string; readonly memoryBytes: number | null };

/** The rest is for the process itself and for other processes on the machine. */
const SHARE_OF_MEMORY = 0.8;
const SHARE_OF_VRAM = 0.9;

/**
 * Measures the device that `provider` runs on; `index` is that of a CUDA device. Never rejects: an
 * unknown device has no memory size.
 */
export async function measureDevice(provider: string, index = 0): Promise<Device> {
  if (provider === 'cuda') return measureGpu(index);
  if (provider === 'webgpu') return { name: '', memoryBytes: null };
  // The container's limit, if there is one; without one, Node returns more than the machine's
  // memory.
  const bytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return { name: cpus()[0]?.model ?? '', memoryBytes: Math.floor(bytes * SHARE_OF_MEMORY) };
}

/** Asks the driver, which counts devices as the engine does; nvidia-smi counts hidden ones too. */
function measureGpu(index: number): Device {
  try {
    const { name, memoryBytes } = describeCudaDevice(index);
    return { name, memoryBytes: Math.floor(memoryBytes * SHARE_OF_VRAM) };
  } catch {
    return { name: '', memoryBytes: null };
  }
}
