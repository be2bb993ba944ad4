import { expect, test } from 'vitest';

import { describeCudaDevice, openCudaDriver } from './cuda-driver.ts';

const GIB = 2 ** 30;
const [INVALID_DEVICE, OUT_OF_MEMORY] = [101, 2];

/** Two cards, 40 and 80 GiB, and the calls that were made. Handles are 10 and 11. */
function twoCards() {
  const calls: string[] = [];
  const functions: Record<string, (...args: never[]) => number> = {
    cuInit: () => 0,
    cuDeviceGet: (device: Int32Array, ordinal: number) => {
      device[0] = 10 + ordinal;
      return ordinal < 2 ? 0 : INVALID_DEVICE;
    },
    cuDeviceGetName: (name: Uint8Array, _: number, device: number) => {
      name.set(Buffer.from(`Card ${device}\0`));
      return 0;
    },
    cuDeviceTotalMem_v2: (bytes: BigUint64Array, device: number) => {
      bytes[0] = BigInt(device === 11 ? 80 * GIB : 40 * GIB);
      return 0;
    },
    cuDevicePrimaryCtxRetain: (context: BigUint64Array, device: number) => {
      context[0] = BigInt(device) * 100n;
      return 0;
    },
    cuCtxSetCurrent: () => 0,
    cuMemGetInfo_v2: () => OUT_OF_MEMORY,
  };
  return {
    calls,
    func: (declaration: string) => {
      const name = /(\w+)\(/u.exec(declaration)?.[1] ?? '';
      return (...args: unknown[]) => {
        calls.push(`${name} ${String(args.at(-1))}`);
        return functions[name]?.(...(args as never[])) ?? 0;
      };
    },
  };
}
// Safe: the driver calls only `func`.
const driverOf = (cards: ReturnType<typeof twoCards>) => cards as never;

test('caches, memory and copies are of the device with the given index', () => {
  const cards = twoCards();
  expect(openCudaDriver(1, driverOf(cards)).deviceName).toBe('Card 11');
  expect(cards.calls).toContain('cuDevicePrimaryCtxRetain 11');
  expect(cards.calls).toContain('cuCtxSetCurrent 1100');
});

test('a device is described without a context of its own', () => {
  const cards = twoCards();
  expect(describeCudaDevice(1, driverOf(cards))).toEqual({
    name: 'Card 11',
    memoryBytes: 80 * GIB,
  });
  expect(describeCudaDevice(0, driverOf(cards)).memoryBytes).toBe(40 * GIB);
  expect(cards.calls.filter((call) => call.startsWith('cuDevicePrimaryCtx'))).toEqual([]);
});

test('an index without a device is refused by its number, and a failed call by its name', () => {
  expect(() => openCudaDriver(2, driverOf(twoCards()))).toThrow(/There is no CUDA device 2/u);
  expect(() => openCudaDriver(0, driverOf(twoCards())).freeBytes()).toThrow(
    /cuMemGetInfo failed with code 2/u,
  );
});
