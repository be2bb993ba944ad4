import { dirname, join } from 'node:path';

import { findLibrary, type LibraryPlaces, libraryFolders } from './find-library.ts';
import { readElf } from './read-elf.ts';

export type WantedLibrary = {
  name: string;
  /** `driver` comes with the graphics driver, not with CUDA. */
  kind: 'cuda' | 'cudnn' | 'driver';
  /** Where this machine has it. */
  foundAt: string | null;
};

export type CudaWants = {
  /** As `13`; null where the library does not tell. */
  cudaMajor: string | null;
  cudnnMajor: string | null;
  libraries: WantedLibrary[];
};

export const CUDA_LIBRARY = 'libonnxruntime_providers_cuda.so';

/** Reads from the provider library itself which CUDA and cuDNN it wants, and looks for them here. */
export async function readCudaWants(dir: string, places: LibraryPlaces): Promise<CudaWants> {
  const path = join(dir, CUDA_LIBRARY);
  const { needed, searchPaths } = await readElf(path);
  const folders = await libraryFolders(places, dirname(path), searchPaths);
  const libraries: WantedLibrary[] = [];
  for (const name of needed) {
    const kind = kindOf(name);
    if (kind !== null) libraries.push({ name, kind, foundAt: await findLibrary(name, folders) });
  }
  return {
    cudaMajor:
      majorOf(needed, /^libcudart\.so\.(\d+)/u) ?? majorOf(needed, /^libcublas(?:Lt)?\.so\.(\d+)/u),
    cudnnMajor: majorOf(needed, /^libcudnn\.so\.(\d+)/u),
    libraries,
  };
}

/** Null for what every Linux has. The numbers of the mathematics libraries are their own, not CUDA's. */
function kindOf(name: string): WantedLibrary['kind'] | null {
  if (name.startsWith('libcuda.so')) return 'driver';
  if (name.startsWith('libcudnn')) return 'cudnn';
  return /^lib(?:cudart|cublas|cublasLt|cufft|curand|cusparse|cusolver|nvrtc|nvJitLink|nccl)\b/u.test(
    name,
  )
    ? 'cuda'
    : null;
}

function majorOf(names: readonly string[], pattern: RegExp): string | null {
  return names.map((name) => pattern.exec(name)?.[1]).find((major) => major !== undefined) ?? null;
}
