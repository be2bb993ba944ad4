import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What a model's device is called, and the memory that models may share on it; null where unknown. */
export type Device = { readonly name: string; readonly memoryBytes: number | null };

/** Left for what is no model: the process itself, and others on the machine. */
const SHARE_OF_MEMORY = 0.8;
const SHARE_OF_VRAM = 0.9;
const QUERY = ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'];
const ANSWER_MS_MAX = 5_000;
const MIB = 2 ** 20;

/** Asks the device that `provider` computes on. Never rejects: an unknown device has no figures. */
export async function measureDevice(provider: string): Promise<Device> {
  if (provider === 'cuda') return measureGpu();
  if (provider === 'webgpu') return { name: '', memoryBytes: null };
  // A container's limit, where there is one; without, Node answers a figure beyond the machine's.
  const bytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return { name: cpus()[0]?.model ?? '', memoryBytes: Math.floor(bytes * SHARE_OF_MEMORY) };
}

async function measureGpu(): Promise<Device> {
  try {
    const { stdout } = await execute('nvidia-smi', QUERY, { timeout: ANSWER_MS_MAX });
    return readGpu(stdout);
  } catch {
    // Not installed in every container that can compute.
    return { name: '', memoryBytes: null };
  }
}

/** Reads `NVIDIA H100 80GB HBM3, 81559` of the first device listed. */
export function readGpu(text: string): Device {
  const [, name = '', mib] = /^(.*), *(\d+)\s*$/m.exec(text) ?? [];
  const memoryBytes = mib === undefined ? null : Math.floor(Number(mib) * MIB * SHARE_OF_VRAM);
  return { name, memoryBytes };
}
