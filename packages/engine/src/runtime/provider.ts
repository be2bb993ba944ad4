import { cpus } from 'node:os';

export type ProviderName = 'cpu' | 'cuda' | 'webgpu';

/** What a graph runs on. `deviceIndex` is that of a CUDA device; the default is 0. */
export type Target = { provider: ProviderName; threads: number; deviceIndex?: number | undefined };

/** For people to read. */
export function describeDevice({ provider, threads, deviceIndex = 0 }: Target): string {
  switch (provider) {
    case 'cpu':
      return `${cpus()[0]?.model.trim() ?? 'CPU'}, ${threads} thread(s)`;
    case 'cuda':
      return `CUDA device ${deviceIndex}`;
    case 'webgpu':
      return 'WebGPU adapter 0';
  }
}

/** Whether a part of a tensor's memory can be a tensor of its own; a WebGPU buffer is a handle. */
export function hasViews(provider: string): boolean {
  return provider !== 'webgpu';
}
