import { expect, test } from 'vitest';

import { StallWatch } from './stall-watch.ts';

test.each<[name: string, bytesPerSecond: number[], isStalledAtLast: boolean]>([
  ['who holds little is never stalled', [99, 99, 99, 99, 99], false],
  ['who holds much and takes nothing is stalled', [100, 100, 100, 100], true],
  ['who is given more and takes nothing is stalled', [100, 200, 300, 400], true],
  ['who takes a little now and then is not', [400, 400, 399, 399, 399], false],
  ['who took some long ago is', [400, 399, 399, 399, 399, 399], true],
  ['who has only begun to hold much is not', [0, 0, 0, 100, 100], false],
])('%s', (_, bytesPerSecond, isStalledAtLast) => {
  const watch = new StallWatch({ outputBytesMax: 100, stallMs: 3_000 });
  const seen = bytesPerSecond.map((bytes, second) => watch.isStalled(bytes, second * 1_000));

  expect(seen.at(-1)).toBe(isStalledAtLast);
});
