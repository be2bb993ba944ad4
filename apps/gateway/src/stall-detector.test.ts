import { expect, test } from 'vitest';

import { StallDetector } from './stall-detector.ts';

test.each<[name: string, bytesPerSecond: number[], isStalledAtLast: boolean]>([
  ['a client with little buffered is never stalled', [99, 99, 99, 99, 99], false],
  ['a client with much buffered that reads nothing is stalled', [100, 100, 100, 100], true],
  ['a client with ever more buffered that reads nothing is stalled', [100, 200, 300, 400], true],
  ['a client that reads a little now and then is not', [400, 400, 399, 399, 399], false],
  ['a client that last read long ago is', [400, 399, 399, 399, 399, 399], true],
  ['a client that has only just fallen behind is not', [0, 0, 0, 100, 100], false],
])('%s', (_, bytesPerSecond, isStalledAtLast) => {
  const detector = new StallDetector({ outputBytesMax: 100, stallMs: 3_000 });
  const results = bytesPerSecond.map((bytes, second) => detector.isStalled(bytes, second * 1_000));

  expect(results.at(-1)).toBe(isStalledAtLast);
});
