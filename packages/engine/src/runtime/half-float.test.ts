import { expect, test } from 'vitest';

import { floatToHalf, halfToFloat, halvesToFloats } from './half-float.ts';

test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65520, 0x7c00],
  [1e9, 0x7c00],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [1.00048828125, 0x3c00],
  [1.00146484375, 0x3c02],
  [Number.NEGATIVE_INFINITY, 0xfc00],
])('%s is %s', (value, half) => {
  expect(floatToHalf(value)).toBe(half);
});

test('every half-precision number survives the conversion to float and back', () => {
  const halves = Uint16Array.from({ length: 0x10000 }, (_, half) => half);
  const floats = halvesToFloats(halves);
  const wrong = halves.filter((half) => {
    const value = floats[half] ?? 0;
    return !Number.isNaN(value) && floatToHalf(value) !== half;
  });
  expect([...wrong]).toEqual([]);
  expect(halfToFloat(0x7e00)).toBeNaN();
});
