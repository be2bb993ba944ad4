import { CALL_FORMATS, readAnswer } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import type { ChatMessage, GenerateRequest } from '../engine.ts';
import { openEngine } from '../open-engine.ts';
import { aRequest } from '../testing/a-request.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';

const modelDir = await tinyFolder();
const TOOLS = [
  {
    name: 'get_weather',
    description: 'Weather.',
    parameters: {
      type: 'object',
      properties: { city: { enum: ['Paris', 'Rome'] }, day: { type: 'integer', maximum: 9 } },
      required: ['city'],
    },
  },
  { name: 'clock', description: '', parameters: { type: 'object', properties: {} } },
];
const SPEC = { kind: 'onnx', modelDir, provider: 'cpu', slots: 2, threads: 1 } as const;
const engine = await openEngine(SPEC);

async function answer(changes: Partial<GenerateRequest>, by = engine) {
  const request = aRequest('Hi', { tools: TOOLS, maxTokens: 300, ...changes });
  const prepared = await by.prepare(request);
  let text = '';
  let logprobs = 0;
  const result = await by.generate(
    prepared,
    (chunk) => {
      text += chunk.text;
      logprobs += chunk.logprobs?.length ?? 0;
    },
    new AbortController().signal,
  );
  const { callFormat } = prepared;
  const parts = callFormat ? readAnswer(text, CALL_FORMATS[callFormat]) : [];
  const calls = parts.filter((part) => part.type === 'call');
  return { text, logprobs, result, callFormat, calls };
}

test('a required call is made, a named one is that one and one only, and none is none', async () => {
  const required = await answer({ toolChoice: 'required', parallelToolCalls: false });
  expect(required).toMatchObject({ callFormat: 'hermes', calls: [{ isWhole: true }] });
  expect(required.result.finishReason).toBe('stop');
  const named = await answer({ toolChoice: { name: 'clock' } });
  expect(named.calls).toEqual([{ type: 'call', name: 'clock', arguments: '{}', isWhole: true }]);
  const none = await answer({ toolChoice: 'none', maxTokens: 40 });
  expect(none.callFormat).toBe(null);
  expect(none.text).not.toContain('<tool_call>');
  expect((await answer({ tools: [], maxTokens: 4 })).callFormat).toBe(null);
});

test('a call that is cut is the beginning of the whole one, at every length', async () => {
  const request = { toolChoice: { name: 'get_weather' } } as const;
  const whole = await answer(request);
  expect(whole.calls).toMatchObject([{ name: 'get_weather', isWhole: true }]);
  const lengths = Array.from({ length: whole.result.completionTokens }, (_, at) => 1 + at);
  for (const maxTokens of lengths.filter((length) => length % 5 === 1)) {
    const cut = await answer({ ...request, maxTokens });
    expect(whole.text.startsWith(cut.text)).toBe(true);
    expect(cut.result.finishReason).toBe('length');
    for (const call of cut.calls)
      expect(whole.calls[0]?.arguments.startsWith(call.arguments)).toBe(true);
  }
});

test.each<[string, Partial<GenerateRequest>]>([
  ['sampling', { greedy: false, temperature: 1.5 }],
  ['penalties', { repetitionPenalty: 10, presencePenalty: 2, frequencyPenalty: 2 }],
  ['a minimum of tokens that the call does not reach', { minTokens: 280 }],
  ['log probabilities', { topLogprobs: 2 }],
])('with %s a call stays valid', async (_, changes) => {
  const toolChoice = { name: 'get_weather' };
  const { calls, result, logprobs } = await answer({ toolChoice, ...changes });
  expect(calls).toMatchObject([{ isWhole: true }]);
  expect(result.finishReason).toBe('stop');
  expect(logprobs).toBe(changes.topLogprobs === undefined ? 0 : result.completionTokens);
  const given: Record<string, unknown> = JSON.parse(calls[0]?.arguments ?? '');
  expect(['Paris', 'Rome']).toContain(given['city']);
});

test('a minimum of tokens forces no further call', async () => {
  const toolChoice = 'required';
  const { calls, result } = await answer({ toolChoice, tools: TOOLS.slice(1), minTokens: 250 });
  expect(calls).toMatchObject([{ name: 'clock', isWhole: true }]);
  expect(result.completionTokens).toBeLessThan(250);
});

test('a stop string ends a call where it stands, and the call is not whole', async () => {
  const { text, calls, result } = await answer({
    toolChoice: { name: 'get_weather' },
    stopSequences: ['"arguments"'],
  });
  expect(text.endsWith('"get_weather", ')).toBe(true);
  expect(calls).toMatchObject([{ name: 'get_weather', isWhole: false }]);
  expect(result.finishReason).toBe('stop');
});

test('a call is the same alone, beside others and with prompt lookup', async () => {
  const request = { toolChoice: 'required', greedy: false, maxTokens: 80 } as const;
  const alone = await answer(request);
  const [beside] = await Promise.all([answer(request), answer({ maxTokens: 20 })]);
  expect(beside.text).toBe(alone.text);
  await using guessing = await openEngine({ ...SPEC, promptLookupTokens: 8 });
  expect((await answer(request, guessing)).text).toBe(alone.text);
});

test('the turn after a call finds the prompt before it in the cache', async () => {
  const asked: ChatMessage[] = [{ role: 'user', content: 'Weather and time, please.' }];
  const first = await answer({ messages: asked, toolChoice: { name: 'clock' } });
  const [call] = first.calls;
  const next = await answer({
    messages: [
      ...asked,
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: 'call_1', name: 'clock', arguments: call?.arguments ?? '' }],
      },
      { role: 'tool', content: '12:00', callId: 'call_1', name: 'clock' },
    ],
    maxTokens: 8,
  });
  expect(next.result.promptTokens).toBeGreaterThan(first.result.promptTokens);
  expect(next.result.cachedTokens).toBeGreaterThan(first.result.promptTokens - 64);
});

test('a tool whose arguments cannot be enforced fails its own answer, and is named', async () => {
  const tools = [{ name: 'bad', description: '', parameters: { properties: { a: { near: 1 } } } }];
  await expect(answer({ tools })).rejects.toMatchObject({
    kind: 'input',
    message: 'tools[0].function.parameters.properties.a.near is not supported.',
  });
});
