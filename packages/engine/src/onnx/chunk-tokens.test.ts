import fc from 'fast-check';
import { expect, test } from 'vitest';

import { chunkTokens, reusableTokens } from './chunk-tokens.ts';

/** Shorter chunks after more tokens, as memory requires. */
const distance = (start: number) => (start < 256 ? 64 : 16);

/** The ends of the chunks that a prompt is read in after `start` tokens. */
function endsOf(length: number, start = 0): number[] {
  const ends: number[] = [];
  for (let at = start; at < length;) ends.push((at += chunkTokens(at, length, distance)));
  return ends;
}

test('a prompt is cut at fixed places, and no single token is left', () => {
  expect(endsOf(200)).toEqual([64, 128, 192, 200]);
  expect(endsOf(193)).toEqual([64, 128, 191, 193]);
  expect(endsOf(290)).toEqual([64, 128, 192, 256, 272, 288, 290]);
  expect([1, 2, 64, 65].map((length) => endsOf(length))).toEqual([[1], [2], [64], [63, 65]]);
});

test('a prompt that continues from the start of another one is cut as if it had read it itself', () => {
  const lengths = fc.integer({ min: 2, max: 400 });
  fc.assert(
    fc.property(lengths, lengths, lengths, (length, other, same) => {
      const common = Math.min(same, other, length - 2);
      const start = reusableTokens(common, other, distance);
      expect(start).toBeLessThanOrEqual(common);
      expect(start === 0 || endsOf(other).includes(start)).toBe(true);
      const rest = endsOf(length).filter((end) => end > start);
      expect(endsOf(length, start)).toEqual(rest);
    }),
  );
});
