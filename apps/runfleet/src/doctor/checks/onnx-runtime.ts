import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { readGpuContext } from '../../gpu/gpu-context.ts';
import { type CheckContext, type Finding, ok, problem, reasonOf, skipped } from '../check.ts';

/** Checks that ONNX Runtime loads; reports its version and the providers whose libraries exist. */
export async function checkOnnxRuntime({ settings }: CheckContext): Promise<Finding> {
  const folder = findBinaries();
  if (folder === null) return skipped('not part of this installation; only workers need it');
  try {
    // Loaded here, so that a failure to load is a finding and the other checks still run.
    const { describeOnnxRuntime } = await import('@runfleet/engine');
    const { version, providers } = await describeOnnxRuntime();
    const found = providers.map(({ name, bundled }) => ({
      name,
      isThere: bundled || existsSync(join(folder, libraryOf(name))),
    }));
    return judgeProviders(version ?? 'of unknown version', found, settings.provider);
  } catch (error) {
    return problem(
      `ONNX Runtime does not load on ${process.platform}-${process.arch}: ${reasonOf(error)}`,
      'Install the packages again on this machine: pnpm install.',
    );
  }
}

export function judgeProviders(
  version: string,
  providers: readonly { name: string; isThere: boolean }[],
  wanted: string,
): Finding {
  const there = providers.filter(({ isThere }) => isThere).map(({ name }) => name);
  const absent = providers.filter(({ isThere }) => !isThere).map(({ name }) => name);
  const without = absent.length === 0 ? '' : `, without ${absent.join(', ')}`;
  const found = `ONNX Runtime ${version} with ${there.join(', ')}${without}`;
  return wanted === 'auto' || there.includes(wanted)
    ? ok(found)
    : problem(
        `${found}, and ENGINE_PROVIDER is ${wanted}`,
        wanted === 'cuda' ? 'Run: runfleet gpu install' : 'Set ENGINE_PROVIDER to auto.',
      );
}

function findBinaries(): string | null {
  try {
    return readGpuContext().bindingDir;
  } catch {
    return null;
  }
}

function libraryOf(provider: string): string {
  return `libonnxruntime_providers_${provider}.so`;
}
