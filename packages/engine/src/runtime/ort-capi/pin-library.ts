import koffi from 'koffi';

/**
 * Keeps a library loaded for as long as the process lives. koffi unloads it when its handle is
 * collected or its thread ends, even if another thread still runs its code.
 */
export function pinLibrary(path: string): void {
  const now = 2;
  const neverUnload = process.platform === 'darwin' ? 0x80 : 0x1000;
  koffi.load(null).func('void *dlopen(const char *path, int flags)')(path, now | neverUnload);
}
