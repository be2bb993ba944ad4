import { describe, expect, test } from 'vitest';

import { answerContent, countThinkingTokens, isThinking } from './answer.ts';

describe('an answer', () => {
  test.for<[raw: string, thinking: string[], answer: string[]]>([
    ['', [], ['']],
    [' Hi. ', [], [' Hi. ']],
    ['<think>Hm.</think>', ['Hm.'], []],
    ['<think> Hm. </think> Hi. ', ['Hm.'], ['Hi.']],
    ['One <think>a</think> two <think></think> three', ['a', ''], ['One', 'two', 'three']],
    ['Hi <think>not yet', ['not yet'], ['Hi']],
    ['Hi </think> there', [], ['Hi </think> there']],
  ])('of %j has the same texts in segments and by kind', ([raw, thinking, answer]) => {
    const content = answerContent(raw, null);
    expect(content).toMatchObject({ raw, thinking, answer });
    const textsOf = (type: string) =>
      content.segments.flatMap((segment) => (segment.type === type ? segment.text : []));
    expect(textsOf('thinking')).toEqual(thinking);
    expect(textsOf('answer')).toEqual(answer);
  });

  test('has its segments in the order of its text', () => {
    const { segments } = answerContent('One<think>a</think>two', null);
    expect(segments.map(({ text }) => text)).toEqual(['One', 'a', 'two']);
  });

  test('has a bounded number of segments, and loses no text', () => {
    const { segments } = answerContent('<think>a</think>b'.repeat(1_000), null);
    expect(segments).toHaveLength(128);
    expect(segments.at(-1)?.text).toHaveLength(1 + 936 * 17);
  });

  test('is thinking while a block is open', () => {
    expect(isThinking('<think>a')).toBe(true);
    expect(isThinking('<think>a</think>b')).toBe(false);
    expect(isThinking('a')).toBe(false);
  });
});

test('tokens count as thinking by the end of their text', () => {
  const pieces = ['Hi ', '<think>', 'a', 'b', '</think>', 'c', '<think>d'];
  let characters = 0;
  const marks = pieces.map((piece, index) => {
    characters += piece.length;
    return { characters, tokens: (index + 1) * 2 };
  });
  expect(countThinkingTokens(pieces.join(''), marks)).toBe(10);
  expect(countThinkingTokens('No thinking.', [{ characters: 12, tokens: 3 }])).toBe(0);
});
