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
    const content = answerContent(raw, null, null);
    expect(content).toMatchObject({ raw, thinking, answer });
    const textsOf = (type: string) =>
      content.segments.flatMap((segment) =>
        segment.type === type && 'text' in segment ? segment.text : [],
      );
    expect(textsOf('thinking')).toEqual(thinking);
    expect(textsOf('answer')).toEqual(answer);
  });

  test('has its segments in the order of its text', () => {
    const { segments } = answerContent('One<think>a</think>two', null, null);
    expect(segments.map((segment) => ('text' in segment ? segment.text : ''))).toEqual([
      'One',
      'a',
      'two',
    ]);
  });

  test('has a bounded number of segments, and loses no text', () => {
    const { segments } = answerContent('<think>a</think>b'.repeat(1_000), null, null);
    expect(segments).toHaveLength(128);
    expect(segments.at(-1)).toEqual({
      type: 'answer',
      text: `b${'<think>a</think>b'.repeat(936)}`,
    });
  });

  test('is thinking while a block is open', () => {
    expect(isThinking('<think>a', null)).toBe(true);
    expect(isThinking('<think>a</think>b', null)).toBe(false);
    expect(isThinking('a', null)).toBe(false);
  });
});

test('tokens count as thinking by the end of their text', () => {
  const pieces = ['Hi ', '<think>', 'a', 'b', '</think>', 'c', '<think>d'];
  let characters = 0;
  const marks = pieces.map((piece, index) => {
    characters += piece.length;
    return { characters, tokens: (index + 1) * 2 };
  });
  expect(countThinkingTokens(pieces.join(''), marks, null)).toBe(10);
  expect(countThinkingTokens('No thinking.', [{ characters: 12, tokens: 3 }], null)).toBe(0);
});

test('a mark of thinking in the arguments of a call is no thinking', () => {
  const raw = '<tool_call>\n{"name": "say", "arguments": {"text": "<think>"';
  expect(isThinking(raw, 'hermes')).toBe(false);
  expect(countThinkingTokens(raw, [{ characters: raw.length, tokens: 9 }], 'hermes')).toBe(0);
});
