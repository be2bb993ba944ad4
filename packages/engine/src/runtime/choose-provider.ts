import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { OnnxEngineSpec } from '../engine.ts';
import type { ProviderName } from './provider.ts';

/**
 * Opens the requested provider. `auto` is the first of cuda, webgpu and cpu that opens; `note`
 * explains in one line why the earlier ones did not. It is empty if there were none. `unsuited` gives
 * the reason why this model should not run on a provider unless it is requested by name.
 */
export async function chooseProvider<Opened>(
  wanted: OnnxEngineSpec['provider'],
  libraryDir: string,
  open: (provider: ProviderName) => Promise<Opened>,
  unsuited: Partial<Record<ProviderName, string>> = {},
): Promise<{ opened: Opened; provider: ProviderName; note: string }> {
  if (wanted !== 'auto') return { opened: await open(wanted), provider: wanted, note: '' };

  const misses: string[] = [];
  for (const provider of ['cuda', 'webgpu'] as const) {
    const missing = whyNot(provider, libraryDir) ?? unsuited[provider];
    if (missing) {
      misses.push(`no ${provider}: ${missing}`);
      continue;
    }
    try {
      return { opened: await open(provider), provider, note: misses.join('; ') };
    } catch (error) {
      misses.push(`no ${provider}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { opened: await open('cpu'), provider: 'cpu', note: misses.join('; ') };
}

/** Reasons that are known without trying, because a failed attempt takes seconds. */
function whyNot(provider: 'cuda' | 'webgpu', libraryDir: string): string | undefined {
  if (provider === 'cuda') {
    const library =
      process.platform === 'win32'
        ? 'onnxruntime_providers_cuda.dll'
        : 'libonnxruntime_providers_cuda.so';
    return existsSync(join(libraryDir, library)) ? undefined : 'its library is not installed';
  }
  // A software driver would open, but be slower than the CPU provider.
  if (process.platform === 'linux' && !hasGraphicsDevice()) return 'no GPU in /dev';
  return undefined;
}

function hasGraphicsDevice(): boolean {
  if (existsSync('/dev/nvidia0')) return true;
  try {
    return readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  } catch {
    // Without that folder there is no such device.
    return false;
  }
}
