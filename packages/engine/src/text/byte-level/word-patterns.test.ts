import { expect, test } from 'vitest';

import { SeededRandom } from '../../sampling/seeded-random.ts';
import { randomText } from '../../testing/random-text.ts';
import {
  cl100kWords,
  gpt2Words,
  o200kWords,
  singleDigits,
  type WordPattern,
} from './word-patterns.ts';

// The published expressions as JavaScript writes them: \s is Unicode's white space, and (?i:) is
// spelled out, with ſ as a form of s.
const S = String.raw`\p{White_Space}`;
const CONTRACTION = "(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const SPACES = `${S}*[\\r\\n]+|${S}+(?!\\P{White_Space})|${S}+`;
const cl100k = (digits: string) =>
  `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^${S}\\p{L}\\p{N}]+[\\r\\n]*|${SPACES}`;
const START = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const END = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;

const PATTERNS: [string, WordPattern, string][] = [
  [
    'GPT-2',
    gpt2Words,
    `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${S}\\p{L}\\p{N}]+|${S}+(?!\\P{White_Space})|${S}+`,
  ],
  ['Llama 3', cl100kWords(3), cl100k(String.raw`\p{N}{1,3}`)],
  ['Qwen 2', cl100kWords(1), cl100k(String.raw`\p{N}`)],
  [
    'GPT-4o',
    o200kWords,
    `[^\\r\\n\\p{L}\\p{N}]?${START}*${END}+${CONTRACTION}?|` +
      `[^\\r\\n\\p{L}\\p{N}]?${START}+${END}*${CONTRACTION}?|` +
      `\\p{N}{1,3}| ?[^${S}\\p{L}\\p{N}]+[\\r\\n/]*|${SPACES}`,
  ],
  ['single digits', singleDigits, String.raw`\p{N}|[^\p{N}]+`],
];

function wordsOf(text: string, pattern: WordPattern): string[] {
  const words: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = pattern(text, start, text.length);
    words.push(text.slice(start, end));
    start = end;
  }
  return words;
}

test.each(PATTERNS)('%s: the scan finds the words of the expression', (_, pattern, expression) => {
  const regex = new RegExp(expression, 'gu');
  const random = new SeededRandom(21n);
  for (let round = 0; round < 4_000; round += 1) {
    const text = randomText(random, 24);
    expect({ text, words: wordsOf(text, pattern) }).toEqual({ text, words: text.match(regex) });
  }
});

test.each(PATTERNS)(
  '%s: letters, marks and spaces in any order give the same words',
  (_, pattern, expression) => {
    const regex = new RegExp(expression, 'gu');
    const random = new SeededRandom(22n);
    const characters = Array.from("aBǅʰ漢\u0301 \n\r\t'sLl1½/.\u00A0\uFEFF𝔘🚀");
    for (let round = 0; round < 10_000; round += 1) {
      const text = Array.from(
        { length: 1 + (random.nextUint32() % 12) },
        () => characters[random.nextUint32() % characters.length],
      ).join('');
      expect({ text, words: wordsOf(text, pattern) }).toEqual({ text, words: text.match(regex) });
    }
  },
);

test.each(PATTERNS)('%s: a word never reaches past the end of its piece', (_, pattern) => {
  for (const text of ["a's", 'aa  b', '12345', '..//', 'A\u0301b', ' \n \n', '🚀🚀🚀🚀']) {
    for (let end = 2; end < text.length; end += 2) {
      const piece = text.slice(0, end);
      expect(pattern(text, 0, end)).toBe(pattern(piece, 0, end));
    }
  }
});
