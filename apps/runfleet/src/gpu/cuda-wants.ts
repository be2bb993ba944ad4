import { dirname, join } from 'node:path';

import { findLibrary, type LibraryPlaces, libraryFolders } from './find-library.ts';
import { readElf } from './read-elf.ts';
import { whyNotLoaded } from './why-not-loaded.ts';

export type WantedLibrary = {
  name: string;
  /** `driver` comes with the graphics driver, not with CUDA. */
  kind: 'cuda' | 'cudnn' | 'driver';
  /** Its path on this machine; null if it is missing or does not load. */
  foundAt: string | null;
  /** Why the file that was found does not load. */
  problem?: string;
};

export type CudaWants = {
  /** Such as `13`; null if the provider names no version. */
  cudaMajor: string | null;
  cudnnMajor: string | null;
  libraries: WantedLibrary[];
};

export const CUDA_LIBRARY = 'libonnxruntime_providers_cuda.so';

/** The provider opens it by this name with its first session, so it is none of its dependencies. */
const CUDNN = 'libcudnn.so.9';

/** Reads from the provider library which CUDA and cuDNN it needs, and finds them on this machine. */
export async function readCudaWants(dir: string, places: LibraryPlaces): Promise<CudaWants> {
  const path = join(dir, CUDA_LIBRARY);
  const { needed, searchPaths } = await readElf(path);
  const folders = await libraryFolders(places, dirname(path), searchPaths);
  const libraries: WantedLibrary[] = [];
  for (const name of needed) {
    const kind = kindOf(name);
    if (kind !== null) libraries.push({ name, kind, foundAt: await findLibrary(name, folders) });
  }
  const isLazy = !libraries.some(({ kind }) => kind === 'cudnn');
  if (isLazy) libraries.push(await loadCudnn(folders, places));
  return {
    cudaMajor:
      majorOf(needed, /^libcudart\.so\.(\d+)/u) ?? majorOf(needed, /^libcublas(?:Lt)?\.so\.(\d+)/u),
    cudnnMajor: majorOf(isLazy ? [CUDNN] : needed, /^libcudnn\.so\.(\d+)/u),
    libraries,
  };
}

/** Only loading shows that its parts are there, too: it is split into several libraries. */
async function loadCudnn(
  folders: readonly string[],
  places: LibraryPlaces,
): Promise<WantedLibrary> {
  const library = { name: CUDNN, kind: 'cudnn' } as const;
  const foundAt = await findLibrary(CUDNN, folders);
  const problem = foundAt === null ? null : await whyNotLoaded(foundAt, places.libraryPath);
  return problem === null ? { ...library, foundAt } : { ...library, foundAt: null, problem };
}

/** Null for libraries that every Linux has. The math libraries have their own version numbers. */
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
