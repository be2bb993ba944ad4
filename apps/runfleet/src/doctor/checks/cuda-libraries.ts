import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { CUDA_LIBRARY, type CudaWants, readCudaWants } from '../../gpu/cuda-wants.ts';
import { type GpuContext, readGpuContext } from '../../gpu/gpu-context.ts';
import { type Check, type Finding, ok, problem, skipped } from '../check.ts';

type Binding = Pick<GpuContext, 'bindingDir' | 'places'>;

/** The libraries that the CUDA provider needs; null if the provider is not installed. */
export async function readInstalledWants(binding: Binding): Promise<CudaWants | null> {
  const isThere = await access(join(binding.bindingDir, CUDA_LIBRARY)).then(
    () => true,
    () => false,
  );
  return isThere ? readCudaWants(binding.bindingDir, binding.places) : null;
}

/** Checks that this machine has the CUDA and cuDNN that the installed provider was built for. */
export function cudaLibrariesCheck(readBinding: () => Binding = readGpuContext): Check {
  return async ({ settings }) => {
    const wants = await readInstalledWants(readBinding());
    if (wants) return judgeLibraries(wants);
    return settings.provider === 'cuda'
      ? problem('the CUDA provider is not installed', 'Run: runfleet gpu install')
      : skipped(
          'the CUDA provider is not installed',
          'On a machine with an NVIDIA GPU: runfleet gpu install',
        );
  };
}

function judgeLibraries({ cudaMajor, cudnnMajor, libraries }: CudaWants): Finding {
  const wanted = `CUDA ${cudaMajor ?? '(any)'} and cuDNN ${cudnnMajor ?? '(any)'}`;
  const missing = libraries.filter(({ foundAt }) => foundAt === null);
  if (missing.length === 0) return ok(`${wanted}, all libraries found`);
  const names = missing.map(({ name }) => name).join(', ');
  return problem(
    `the provider needs ${wanted}, but this machine lacks ${names}`,
    missing.every(({ kind }) => kind === 'driver')
      ? "Install NVIDIA's driver."
      : `Install the runtime packages of ${wanted}, or add their folder to LD_LIBRARY_PATH.`,
  );
}
