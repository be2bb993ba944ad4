import { openEngine } from '@runfleet/engine';
import { expect, test } from 'vitest';

import type { Answer } from './infer.ts';
import { postprocess } from './postprocess.ts';

const task = {
  id: '7',
  organisationId: '5',
  pool: 'p',
  ownerId: 'u',
  parameters: {},
  seed: '1',
  timeoutSeconds: 60,
  limits: null,
};
const answer: Answer = {
  text: 'Hi',
  finishReason: 'stop',
  promptTokens: 3,
  cachedTokens: 2,
  completionTokens: 1,
  prefillMs: 1,
  decodeMs: 1,
  logprobs: [],
  marks: [{ characters: 2, tokens: 1 }],
};

test('log probabilities are part of the raw output only, and only if requested', async () => {
  await using engine = await openEngine({ kind: 'echo', slots: 1, tokenDelayMs: 0 });
  const of = (changes: Partial<Answer>) =>
    postprocess({ task, engine, answer: { ...answer, ...changes }, prompt: 'Say hi' }).outputs[0];
  const content = {
    prompt: 'Say hi',
    raw: 'Hi',
    thinking: [],
    answer: ['Hi'],
    finishreason: 'stop',
    usage: {
      input_tokens: 3,
      input_tokens_details: { cached_tokens: 2 },
      output_tokens: 1,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 4,
    },
  };
  expect(of({})).toEqual({ contenttype: 'raw', content });

  const logprobs = [{ id: 5, token: 'Hi', logprob: -0.1, top: [] }];
  expect(of({ logprobs })).toEqual({ contenttype: 'raw', content: { ...content, logprobs } });
});
