import fc from 'fast-check';
import { expect, test } from 'vitest';

import { StopMatcher } from './stop-matcher.ts';
import { TextStream } from './text-stream.ts';

function shown(sequences: readonly string[], chunks: readonly string[]): string[] {
  const matcher = new StopMatcher(sequences);
  const texts: string[] = [];
  for (const chunk of chunks) {
    const { text, isStopped } = matcher.next(chunk);
    texts.push(text);
    if (isStopped) return [...texts, '|'];
  }
  return [...texts, matcher.end()];
}

test.each([
  ['inside one chunk', ['END'], ['one END two'], ['one ', '|']],
  ['across chunks', ['END'], ['one E', 'N', 'D two'], ['one ', '', '', '|']],
  ['a start that is not completed', ['END'], ['one EN', 'ough'], ['one ', 'ENough', '']],
  ['held to the very end', ['END'], ['one EN'], ['one ', 'EN']],
  ['a start inside a start', ['aab'], ['aa', 'ab!'], ['', 'a', '|']],
  ['the earliest of several', ['two', 'one'], ['zero one two'], ['zero ', '|']],
  ['a shorter one inside a longer one', ['abcd', 'bc'], ['ab', 'c'], ['', 'a', '|']],
  ['a shorter one inside a longer one in one chunk', ['abcd', 'bc'], ['abcd'], ['a', '|']],
  ['two that end together', ['bc', 'abc'], ['zabc'], ['z', '|']],
  ['none', [], ['as', 'is'], ['as', 'is', '']],
])('a stop string %s', (_, sequences, chunks, expected) => {
  expect(shown(sequences, chunks)).toEqual(expected);
});

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '🚀', '🔥', '\n'), maxLength: 24 });
const stops = fc.array(
  letters.filter((text) => text !== ''),
  { maxLength: 4 },
);

test('however a text is split, the same is shown, and never any part of a stop string', () => {
  fc.assert(
    fc.property(
      letters,
      stops,
      fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
      (text, sequences, lengths) => {
        const characters = Array.from(text);
        const chunks: string[] = [];
        for (const length of lengths) {
          if (characters.length === 0) break;
          chunks.push(characters.splice(0, length).join(''));
        }
        // One character at a time: the answer ends with the first complete stop string.
        let seen = '';
        let expected = `${text}`;
        for (const character of text) {
          seen += character;
          const ended = sequences.filter((sequence) => seen.endsWith(sequence));
          if (ended.length === 0) continue;
          expected = `${seen.slice(0, seen.length - Math.max(...ended.map(({ length }) => length)))}|`;
          break;
        }
        const pieces = shown(sequences, chunks);
        expect(pieces.join('')).toBe(expected);
        for (const piece of pieces) expect(Buffer.from(piece).toString()).toBe(piece);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('stop strings apply from the token that completes minTokens', () => {
  const stream = new TextStream({ stopSequences: ['x'], minTokens: 2 });
  expect(stream.next('x', 1)).toEqual({ text: 'x', isStopped: false });
  expect(stream.next('ax', 2)).toEqual({ text: 'a', isStopped: true });
});
