import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';

import { expect, test } from 'vitest';

import { measureDevice } from './measure-device.ts';

test.skipIf(existsSync('/dev/nvidia0'))('a card that is not there has no memory size', async () => {
  expect(await measureDevice('cuda', 7)).toEqual({ name: '', memoryBytes: null });
});

test('on a CPU models share less than the memory of the machine', async () => {
  const { memoryBytes } = await measureDevice('cpu');
  expect(memoryBytes).toBeGreaterThan(0);
  expect(memoryBytes).toBeLessThan(totalmem());
});
