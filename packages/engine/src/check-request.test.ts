import { expect, test } from 'vitest';

import { checkRequest } from './check-request.ts';
import { aRequest } from './testing/a-request.ts';

test('what no engine could run with is refused by the name of its field', () => {
  for (const [changes, message] of [
    [{ minP: 1.5 }, 'minP must be a number between 0 and 1'],
    [{ presencePenalty: Number.NaN }, 'presencePenalty must be a number'],
    [{ frequencyPenalty: Infinity }, 'frequencyPenalty must be a number'],
    [{ topLogprobs: 21 }, 'topLogprobs must be a whole number between 0 and 20'],
    [{ stopTokenIds: [7, -1] }, 'stopTokenIds[1] must be a whole number of 0 or more'],
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
