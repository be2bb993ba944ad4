import { CHAT_NUMBERS, CHAT_SIZES, parseChatParameters } from '@runfleet/catalog';
import { expect, test } from 'vitest';

import { checkRequest } from './check-request.ts';
import { aRequest } from './testing/a-request.ts';

test('a request that no engine could run is refused, and the error names the field', () => {
  for (const [changes, message] of [
    [{ minP: 1.5 }, 'minP must be a number between 0 and 1'],
    [{ presencePenalty: Number.NaN }, 'presencePenalty must be a number'],
    [{ frequencyPenalty: Infinity }, 'frequencyPenalty must be a number'],
    [{ topLogprobs: 21 }, 'topLogprobs must be a whole number between 0 and 20'],
    [{ stopTokenIds: [7, -1] }, 'stopTokenIds[1] must be a whole number between 0 and'],
    [{ topP: 0 }, 'topP must not be 0 (1 is off)'],
    [{ repetitionPenalty: 0 }, 'repetitionPenalty must be a number between 0.1 and 10'],
    [{ minTokens: 5, maxTokens: 4 }, 'minTokens (5) must not exceed maxTokens (4)'],
    [{ stopSequences: [''] }, 'stopSequences[0] must not be empty'],
    [{ messages: [] }, 'messages must hold at least one message'],
  ] as const) {
    expect(() => checkRequest(aRequest('Hi', changes))).toThrow(
      expect.objectContaining({ kind: 'input', message: expect.stringContaining(message) }),
    );
  }
  expect(() => checkRequest(aRequest('Hi', { presencePenalty: -2, topLogprobs: 0 }))).not.toThrow();
});

const LIMITS = { maxTokens: 200_000, maxTimeoutSeconds: 86_400 };

test('the engine accepts what the API accepts: the limits of every number', () => {
  for (const [name, rule] of Object.entries(CHAT_NUMBERS)) {
    const { min, max, off } = { off: { given: [] }, ...rule };
    for (const value of [min, max, (min + max) / 2, ...off.given]) {
      const given = name === 'top_logprobs' ? { logprobs: true } : {};
      for (const written of [Math.trunc(value), value, String(value)]) {
        const body = { prompt: 'Hi', max_tokens: 131_072, ...given, [name]: written };
        expect(isTaken(body), `${name}: ${written}`).not.toBe('by the API alone');
      }
    }
  }
  expect(isTaken({ prompt: 'Hi' })).toBe('by both');
  expect(isTaken({ prompt: '' })).toBe('by none');
});

test('the engine accepts what the API accepts: the limits of every pair of numbers', () => {
  const edges = Object.entries(CHAT_NUMBERS).flatMap(([name, rule]) => {
    const { min, max, off } = { off: { given: [] }, ...rule };
    return [min, max, ...off.given].map((value) => ({ [name]: value }));
  });
  for (const one of edges) {
    for (const other of edges) {
      const body = { prompt: 'Hi', logprobs: true, ...one, ...other };
      expect(isTaken(body), `${JSON.stringify(body)}`).not.toBe('by the API alone');
    }
  }
});

test.for<[string, Record<string, unknown>]>([
  [
    'the maximum number of messages, after a system prompt',
    { messages: messages(CHAT_SIZES.messages), system_prompt: 'S' },
  ],
  ['messages of which only one has text', { messages: [...messages(2, ''), ...messages(1)] }],
  ['messages without text', { messages: messages(3, '') }],
  ['messages of spaces', { messages: messages(1, ' ') }],
  ['one message too many', { messages: messages(CHAT_SIZES.messages + 1) }],
  [
    'the maximum number of stop sequences',
    {
      prompt: 'Hi',
      stop_sequences: Array.from({ length: CHAT_SIZES.stopSequences }, (_, i) =>
        `${i}`.padEnd(CHAT_SIZES.stopSequenceCharacters, '.'),
      ),
    },
  ],
  ['stop sequences with empty parts', { prompt: 'Hi', stop_sequences: ';;a;;' }],
  [
    'the maximum number of stop tokens',
    { prompt: 'Hi', stop_token_ids: Array(CHAT_SIZES.stopTokenIds).fill(CHAT_SIZES.stopTokenId) },
  ],
  ['a prompt that is a list', { prompt: ['Hi'] }],
  ['a pattern', { prompt: 'Hi', regex: '(yes|no)' }],
  ['any JSON', { prompt: 'Hi', response_format: { type: 'json_object' } }],
])('the engine accepts what the API accepts: %s', ([, body]) => {
  expect(isTaken(body)).not.toBe('by the API alone');
});

function isTaken(body: Record<string, unknown>): 'by none' | 'by both' | 'by the API alone' {
  let request;
  try {
    request = parseChatParameters(body, LIMITS);
  } catch {
    return 'by none';
  }
  try {
    checkRequest({ ...aRequest(''), ...request, seed: request.seed ?? 1n });
    return 'by both';
  } catch {
    return 'by the API alone';
  }
}

function messages(count: number, content = 'Hi'): { role: 'user'; content: string }[] {
  return Array.from({ length: count }, () => ({ role: 'user', content }));
}
