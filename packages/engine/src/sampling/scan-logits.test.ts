import { expect, test } from 'vitest';

import { maxOf, scanLogits } from './scan-logits.ts';

test('the largest logit is found at every index, and so is a value that is not a number', () => {
  for (let length = 1; length <= 9; length += 1) {
    for (let index = 0; index < length; index += 1) {
      const logits = new Float32Array(length).fill(-3);
      logits[index] = -1;
      expect(scanLogits(logits)).toBe(-1);
      expect(maxOf(logits)).toBe(-1);
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        logits[index] = bad;
        expect(() => scanLogits(logits)).toThrow(expect.objectContaining({ kind: 'model' }));
      }
    }
  }
});

test('opposite infinities are not finite, and the largest finite values do not overflow to infinity', () => {
  const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
  const opposite = Float32Array.of(0, POSITIVE_INFINITY, NEGATIVE_INFINITY, 0, 0);
  expect(() => scanLogits(opposite)).toThrow(expect.objectContaining({ kind: 'model' }));
  const largest = Math.fround(3.4e38);
  expect(scanLogits(new Float32Array(32_064).fill(largest))).toBe(largest);
});
