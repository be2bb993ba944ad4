import { openEngine } from '@runfleet/engine';
import { NO_TURN } from '@runfleet/tasks/testing';
import { expect, test } from 'vitest';

import type { Answer } from './infer.ts';
import { postprocess } from './postprocess.ts';

const task = {
  id: '7',
  organisationId: '5',
  pool: 'p',
  ownerId: 'u',
  parameters: {},
  fileTexts: null,
  seed: '1',
  timeoutSeconds: 60,
  limits: null,
  ...NO_TURN,
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
    postprocess({
      task,
      engine,
      answer: { ...answer, ...changes },
      prompt: 'Say hi',
      calls: null,
      history: null,
    }).outputs[0];
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

const CALL = '<tool_call>\n{"name": "time", "arguments": {}}\n</tool_call>';

test.for<[text: string, ended: Answer['finishReason'], reason: string, answer: string[]]>([
  [CALL, 'stop', 'tool_calls', []],
  [`A look. ${CALL}`, 'stop', 'tool_calls', ['A look.']],
  ['Noon.', 'stop', 'stop', ['Noon.']],
  [CALL, 'length', 'length', []],
  [CALL.slice(0, 40), 'length', 'length', []],
  [CALL.slice(0, 40), 'timeout', 'length', []],
  // As after a stop sequence in the middle of the arguments.
  [CALL.slice(0, 40), 'stop', 'stop', []],
])('of a run with tools, %j that ended by %s has the finish reason %s', async (given) => {
  const [text, finishReason, reason, texts] = given;
  await using engine = await openEngine({ kind: 'echo', slots: 1, tokenDelayMs: 0 });
  const ended = { ...answer, text, finishReason };
  const result = postprocess({
    task,
    engine,
    answer: ended,
    prompt: 'Hi',
    calls: 'hermes',
    history: null,
  });
  expect(result.outputs[0]).toMatchObject({
    content: { raw: text, answer: texts, calls: 'hermes', finishreason: reason },
  });
  expect(result.finishReason).toBe(reason === 'tool_calls' ? reason : finishReason);
});
