import koffi, { type LibraryHandle } from 'koffi';

import { EngineError } from '../../engine-error.ts';
import type { Pointer } from './ort-api.ts';
import { pinLibrary } from './pin-library.ts';

export type CudaDriver = {
  deviceName: string;
  freeBytes: () => number;
  copy: (target: Pointer, source: Pointer, bytes: number) => void;
};

type Driver = Pick<LibraryHandle, 'func'>;

const LIBRARY = 'libcuda.so.1';
const NAME_BYTES = 256;
const INVALID_DEVICE = 101;

/**
 * What the provider does not offer: free memory, and copies within the device. These call the
 * driver itself, because its library is the only one of CUDA with the same name in every major
 * version.
 */
export function openCudaDriver(index: number, library = loadDriver()): CudaDriver {
  const retain = library.func('int cuDevicePrimaryCtxRetain(void *context, int device)');
  const setCurrent = library.func('int cuCtxSetCurrent(void *context)');
  const getMemory = library.func('int cuMemGetInfo_v2(void *free, void *total)');
  const copy = library.func('int cuMemcpyDtoD_v2(uint64_t target, uint64_t source, size_t bytes)');
  const synchronize = library.func('int cuCtxSynchronize()');

  const { device, name } = findDevice(library, index);
  const context = new BigUint64Array(1);
  // The primary context holds the provider's own allocations.
  check(retain(context, device), 'cuDevicePrimaryCtxRetain');
  check(setCurrent(context[0] ?? 0n), 'cuCtxSetCurrent');

  return {
    deviceName: name,
    freeBytes: () => {
      const [free, total] = [new BigUint64Array(1), new BigUint64Array(1)];
      check(getMemory(free, total), 'cuMemGetInfo');
      return Number(free[0] ?? 0n);
    },
    copy: (target, source, bytes) => {
      check(copy(target, source, bytes), 'cuMemcpyDtoD');
      // The provider's own stream does not wait for the stream that copies.
      check(synchronize(), 'cuCtxSynchronize');
    },
  };
}

/**
 * A card's name and its whole memory, without using the card. CUDA counts the cards that
 * `CUDA_VISIBLE_DEVICES` lists; nvidia-smi counts all. Throws `EngineError`.
 */
export function describeCudaDevice(
  index: number,
  library = loadDriver(),
): { name: string; memoryBytes: number } {
  const getTotal = library.func('int cuDeviceTotalMem_v2(void *bytes, int device)');
  const { device, name } = findDevice(library, index);
  const total = new BigUint64Array(1);
  check(getTotal(total, device), 'cuDeviceTotalMem');
  return { name, memoryBytes: Number(total[0] ?? 0n) };
}

function findDevice(library: Driver, index: number): { device: number; name: string } {
  const init = library.func('int cuInit(unsigned int flags)');
  const getDevice = library.func('int cuDeviceGet(void *device, int ordinal)');
  const getName = library.func('int cuDeviceGetName(void *name, int bytes, int device)');
  const device = new Int32Array(1);
  const name = new Uint8Array(NAME_BYTES);
  check(init(0), 'cuInit');
  const found = getDevice(device, index);
  if (found === INVALID_DEVICE) {
    throw new EngineError(
      'infra',
      `There is no CUDA device ${index}. They are counted from 0; nvidia-smi lists them.`,
    );
  }
  check(found, 'cuDeviceGet');
  check(getName(name, NAME_BYTES, device[0] ?? 0), 'cuDeviceGetName');
  return {
    device: device[0] ?? 0,
    name: Buffer.from(name).toString('latin1').split('\0', 1)[0] ?? '',
  };
}

function check(result: number, what: string): void {
  if (result === 0) return;
  throw new EngineError('infra', `CUDA's ${what} failed with code ${result}; see nvidia-smi.`);
}

function loadDriver(): Driver {
  try {
    pinLibrary(LIBRARY);
    return koffi.load(LIBRARY);
  } catch (error) {
    throw new EngineError(
      'infra',
      `The cuda provider needs NVIDIA's driver, whose ${LIBRARY} does not load here. Install the driver, or choose provider cpu.`,
      { cause: error },
    );
  }
}
