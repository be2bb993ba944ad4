import { expect, test } from 'vitest';

import { SeededRandom } from '../sampling/seeded-random.ts';
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
  ['a start that comes to nothing', ['END'], ['one EN', 'ough'], ['one ', 'ENough', '']],
  ['held to the very end', ['END'], ['one EN'], ['one ', 'EN']],
  ['a start inside a start', ['aab'], ['aa', 'ab!'], ['', 'a', '|']],
  ['the earliest of several', ['two', 'one'], ['zero one two'], ['zero ', '|']],
  ['a shorter one inside a longer one', ['abcd', 'bc'], ['ab', 'c'], ['', 'a', '|']],
  ['none', [], ['as', 'is'], ['as', 'is', '']],
])('a stop string %s', (_, sequences, chunks, expected) => {
  expect(shown(sequences, chunks)).toEqual(expected);
});

test('however a text is cut, the same is shown', () => {
  const random = new SeededRandom(9n);
  const text = 'abab\n\nabc\n\nababababc###abc';
  for (let round = 0; round < 300; round += 1) {
    const chunks: string[] = [];
    for (let at = 0; at < text.length;) {
      const length = 1 + (random.nextUint32() % 5);
      chunks.push(text.slice(at, at + length));
      at += length;
    }
    expect(shown(['ababc', '###'], chunks).join('')).toBe('abab\n\nabc\n\nabab|');
  }
});

test('stop strings count from the token that completes minTokens on', () => {
  const stream = new TextStream({ stopSequences: ['x'], minTokens: 2 });
  expect(stream.next('x', 1)).toEqual({ text: 'x', isStopped: false });
  expect(stream.next('ax', 2)).toEqual({ text: 'a', isStopped: true });
});
