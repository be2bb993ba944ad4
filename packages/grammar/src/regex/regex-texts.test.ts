import fc from 'fast-check';
import { expect, test } from 'vitest';

import { GrammarError } from '../grammar-error.ts';
import { openGrammar } from '../open-grammar.ts';
import { draws } from '../testing/draws.ts';
import { matches } from '../testing/matches.ts';
import { randomText } from '../testing/random-text.ts';

const atoms = [
  'a',
  'b',
  '1',
  '\\n',
  '.',
  '[^]',
  '[ab]',
  '[^a]',
  '[^a-z\\u00e0-🚀]',
  '\\d',
  '\\W',
  '\\S',
  '\\s',
  'é',
  '🚀',
  '\\ud83d\\ude80',
  '\\u{1F680}',
  '[\\ud83d\\ude80-\\u{1F681}é]',
  '[\\u0000-\\uffff]',
  '[]',
  '[a-]',
  '[\\b-a]',
  '\\u0041',
  '\\ud83d',
  '^',
  '$',
  '(?:)',
  '(?=a)',
  '\\b',
  '\\1',
  '{',
  ']',
];
const atom = fc.constantFrom(...atoms);
const counts = [
  '',
  '',
  '',
  '',
  '*',
  '+',
  '?',
  '??',
  '*?',
  '{2}',
  '{0}',
  '{1,3}',
  '{0,2}?',
  '{2,}',
  '{2,1}',
  '{,2}',
  '++',
];
const { pattern } = fc.letrec<{ pattern: string; piece: string }>((tie) => ({
  piece: fc
    .tuple(
      fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        atom,
        atom,
        tie('pattern').map((inner) => `(${inner})`),
        tie('pattern').map((inner) => `(?:${inner})`),
      ),
      fc.constantFrom(...counts),
    )
    .map((parts) => parts.join('')),
  pattern: fc
    .array(
      fc.array(tie('piece'), { maxLength: 4 }).map((parts) => parts.join('')),
      { minLength: 1, maxLength: 3 },
    )
    .map((options) => options.join('|')),
}));
const text = fc.string({
  unit: fc.constantFrom('a', 'b', '1', 'é', '🚀', '🚁', '\n', ' ', '_', '\u2028', '{', ']', '-'),
  maxLength: 6,
});

test('an accepted pattern matches exactly what JavaScript’s engine matches', () => {
  let taken = 0;
  fc.assert(
    fc.property(pattern, fc.array(text, { maxLength: 8 }), draws, (written, texts, draw) => {
      const automaton = tryOpen(written);
      const expected = tryCompile(written);
      if (!automaton || !expected) return;
      taken += 1;
      for (const given of texts) {
        const isMatch = expected.test(given);
        expect([written, given, matches(automaton, given)]).toEqual([written, given, isMatch]);
      }
      for (let round = 0; round < 4; round += 1) {
        const given = randomText(automaton, draw, 12);
        expect([written, given, expected.test(given)]).toEqual([written, given, true]);
      }
    }),
    { numRuns: 6_000 },
  );
  expect(taken).toBeGreaterThan(500);
});

test('what JavaScript’s engine refuses with every flag is refused', () => {
  const signs = fc.constantFrom(...Array.from('ab()[]{}|*+?^$\\,-1:<=!'));
  fc.assert(
    fc.property(fc.string({ unit: signs, maxLength: 10 }), (written) => {
      const isTaken = tryOpen(written) !== undefined;
      expect(isTaken && !isRegex(written, 'u') && !isRegex(written, '')).toBe(false);
    }),
    { numRuns: 5_000 },
  );
});

function tryOpen(written: string) {
  try {
    return openGrammar({ kind: 'regex', pattern: written }).automaton;
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}

/** Compiled by code points; undefined if the flag `u` does not allow the pattern. */
function tryCompile(written: string): RegExp | undefined {
  return isRegex(written, 'u') ? new RegExp(`^(?:${written})$`, 'u') : undefined;
}

function isRegex(written: string, flags: string): boolean {
  try {
    return new RegExp(written, flags) instanceof RegExp;
  } catch {
    return false;
  }
}
