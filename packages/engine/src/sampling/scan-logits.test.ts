import { expect, test } from 'vitest';

import { maxOf, scanLogits } from './scan-logits.ts';

test('the largest is found wherever it stands, and what is no number wherever that stands', () => {
  for (let length = 1; length <= 9; length += 1) {
    for (let place = 0; place < length; place += 1) {
      const logits = new Float32Array(length).fill(-3);
      logits[place] = -1;
      expect(scanLogits(logits)).toBe(-1);
      expect(maxOf(logits)).toBe(-1);
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        logits[place] = bad;
        expect(() => scanLogits(logits)).toThrow(expect.objectContaining({ kind: 'model' }));
      }
    }
  }
});

test('opposite infinities are no numbers, and the largest that there are do not add up to one', () => {
  const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
  const opposite = Float32Array.of(0, POSITIVE_INFINITY, NEGATIVE_INFINITY, 0, 0);
  expect(() => scanLogits(opposite)).toThrow(expect.objectContaining({ kind: 'model' }));
  const largest = Math.fround(3.4e38);
  expect(scanLogits(new Float32Array(32_064).fill(largest))).toBe(largest);
});
