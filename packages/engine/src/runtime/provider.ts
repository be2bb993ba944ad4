import { cpus } from 'node:os';

export type ProviderName = 'cpu' | 'cuda' | 'webgpu';

/** For people to read. */
export function describeDevice(provider: ProviderName, threads: number): string {
  switch (provider) {
    case 'cpu':
      return `${cpus()[0]?.model.trim() ?? 'CPU'}, ${threads} thread(s)`;
    case 'cuda':
      return 'CUDA device 0';
    case 'webgpu':
      return 'WebGPU adapter 0';
  }
}

/** Whether a part of a tensor's memory can be a tensor of its own; a WebGPU buffer is a handle. */
export function hasViews(provider: string): boolean {
  return provider !== 'webgpu';
}
