import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A device's name and the memory that models may share on it; null if unknown. */
export type Device = { readonly name: string; readonly memoryBytes: number | null };

/** The rest is for the process itself and for other processes on the machine. */
const SHARE_OF_MEMORY = 0.8;
const SHARE_OF_VRAM = 0.9;
const QUERY = ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'];
const ANSWER_MS_MAX = 5_000;
const MIB = 2 ** 20;

/**
 * Measures the device that `provider` runs on. Never rejects: an unknown device has no memory size.
 */
export async function measureDevice(provider: string): Promise<Device> {
  if (provider === 'cuda') return measureGpu();
  if (provider === 'webgpu') return { name: '', memoryBytes: null };
  // The container's limit, if there is one; without one, Node returns more than the machine's
  // memory.
  const bytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return { name: cpus()[0]?.model ?? '', memoryBytes: Math.floor(bytes * SHARE_OF_MEMORY) };
}

async function measureGpu(): Promise<Device> {
  try {
    const { stdout } = await execute('nvidia-smi', QUERY, { timeout: ANSWER_MS_MAX });
    return readGpu(stdout);
  } catch {
    // Containers may have a GPU but no nvidia-smi.
    return { name: '', memoryBytes: null };
  }
}

/** Parses the first line such as `NVIDIA H100 80GB HBM3, 81559`. */
export function readGpu(text: string): Device {
  const [, name = '', mib] = /^(.*), *(\d+)\s*$/m.exec(text) ?? [];
  const memoryBytes = mib === undefined ? null : Math.floor(Number(mib) * MIB * SHARE_OF_VRAM);
  return { name, memoryBytes };
}
