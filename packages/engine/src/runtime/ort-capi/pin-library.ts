import koffi from 'koffi';

// Kernels compile and allocate on the caller's stack; koffi's default of 128 KiB crashes WebGPU.
const STACK_BYTES = 8 * 2 ** 20;
// Only possible before this thread loads its first library.
koffi.config({ async_stack_size: STACK_BYTES });

/**
 * Keeps a library loaded for as long as the process lives. koffi unloads it when its handle is
 * collected or its thread ends, even if another thread still runs its code.
 */
export function pinLibrary(path: string): void {
  const now = 2;
  const neverUnload = process.platform === 'darwin' ? 0x80 : 0x1000;
  koffi.load(null).func('void *dlopen(const char *path, int flags)')(path, now | neverUnload);
}
