import { totalmem } from 'node:os';

import { expect, test } from 'vitest';

import { measureDevice, readGpu } from './measure-device.ts';

test('a GPU reports its name and memory; models may share nine tenths of the memory', () => {
  expect(readGpu('NVIDIA H100 80GB HBM3, 81559\nNVIDIA A100, 1\n')).toEqual({
    name: 'NVIDIA H100 80GB HBM3',
    memoryBytes: Math.floor(81_559 * 2 ** 20 * 0.9),
  });
});

test('another answer gives no name and no memory size', () => {
  expect(readGpu('No devices were found\n')).toEqual({ name: '', memoryBytes: null });
});

test('on a CPU models share less than the memory of the machine', async () => {
  const { memoryBytes } = await measureDevice('cpu');
  expect(memoryBytes).toBeGreaterThan(0);
  expect(memoryBytes).toBeLessThan(totalmem());
});
