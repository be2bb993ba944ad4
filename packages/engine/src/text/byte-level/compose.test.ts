import fc from 'fast-check';
import { expect, test } from 'vitest';

import { runAtOnce } from '../in-steps.ts';
import { composeInSteps } from './compose.ts';

const compose = (text: string) => runAtOnce(composeInSteps(text));

const pieces = fc.constantFrom(
  ...'a e\u0301 é \u0301 \u0316 \u0327 \u0345 \u0344 \u0334 \u05B0 \u3099 か 각 \u1100 \u1161 \u11A8 क \u093C ো \u0F73 𝅘𝅥 🚀 \uD800'.split(
    ' ',
  ),
);

test('a text is brought into the form that the platform gives', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (text) => {
      expect(compose(text.join(''))).toBe(text.join('').normalize('NFC'));
    }),
    { numRuns: 2_000 },
  );
});

test('a long run of marks is sorted as the platform sorts it, beside other text', () => {
  fc.assert(
    fc.property(
      fc.array(pieces, { minLength: 1, maxLength: 8 }),
      fc.array(pieces, { maxLength: 4 }),
      (marks, other) => {
        const text = other.join('') + marks.join('').repeat(40) + other.join('');
        expect(compose(text)).toBe(text.normalize('NFC'));
      },
    ),
    { numRuns: 500 },
  );
});

test('a long text is composed as a whole, wherever its steps end', () => {
  for (const piece of ['e\u0301x', '\u1100\u1161\u11A8', 'क\u093C', 'か\u3099', '𝔘\u0301']) {
    const text = piece.repeat(5_000);
    expect(compose(text)).toBe(text.normalize('NFC'));
  }
});

test('a run of 400,000 marks takes a second at most, where sorting by insertion takes minutes', () => {
  const startedAt = performance.now();
  const composed = compose(`a${'\u0301'.repeat(200_000)}${'\u0316'.repeat(200_000)}`);
  expect(composed.slice(0, 3)).toBe('\u00E1\u0316\u0316');
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
