import { expect, test } from 'vitest';

import type { GenerateRequest, OutputChunk } from '../engine.ts';
import { aRequest } from '../testing/a-request.ts';
import { EchoEngine } from './echo-engine.ts';

const never = new AbortController().signal;

async function echo(prompt: string, changes: Partial<GenerateRequest> = {}) {
  await using engine = new EchoEngine({ kind: 'echo', slots: 1, tokenDelayMs: 0 });
  const chunks: OutputChunk[] = [];
  const prepared = await engine.prepare(aRequest(prompt, changes));
  const result = await engine.generate(prepared, (chunk) => chunks.push(chunk), never);
  return { text: chunks.map(({ text }) => text).join(''), chunks, result };
}

test('repeats the last user message word by word', async () => {
  const { chunks, result } = await echo('to be  or\nnot');
  expect(chunks).toEqual([
    { text: 'to', tokens: 1 },
    { text: ' be', tokens: 2 },
    { text: '  or', tokens: 3 },
    { text: '\nnot', tokens: 4 },
  ]);
  expect(result).toMatchObject({ finishReason: 'stop', promptTokens: 4, completionTokens: 4 });
});

test('answers a certain question with all messages before it', async () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'a b' },
    { role: 'assistant', content: 'c' },
    { role: 'user', content: 'What was said?' },
  ] as const;
  const { text } = await echo('', { messages });
  expect(text).toBe('system: Be brief.\nuser: a b\nassistant: c');
});

test.each([
  ['maxTokens ends it', 'a b c', { maxTokens: 2 }, 'a b', 'length'],
  ['maxTokens equal to the number of words ends nothing', 'a b', { maxTokens: 2 }, 'a b', 'stop'],
  ['minTokens repeats it', 'a b', { minTokens: 5 }, 'a b a b a', 'stop'],
  ['a stop string ends it', 'one two three', { stopSequences: ['o t'] }, 'one tw', 'stop'],
  ['an empty prompt gives an empty answer', ' ', {}, '', 'stop'],
  ['text that a database cannot store is replaced', 'a\0 \uD800', {}, 'a\uFFFD \uFFFD', 'stop'],
])('%s', async (_, prompt, changes, text, finishReason) => {
  const answer = await echo(prompt, changes);
  expect(answer.text).toBe(text);
  expect(answer.result.finishReason).toBe(finishReason);
});

test('a megabyte of spaces is split in linear time', async () => {
  const { result } = await echo(`a${' '.repeat(1_000_000)}`);
  expect(result.completionTokens).toBe(1);
});

test('an abort rejects at once with its reason, and the slot is free', async () => {
  await using engine = new EchoEngine({ kind: 'echo', slots: 1, tokenDelayMs: 60_000 });
  const prepared = await engine.prepare(aRequest('never answered'));
  const abort = new AbortController();
  const run = engine.generate(prepared, () => {}, abort.signal);
  abort.abort(new Error('killed'));
  await expect(run).rejects.toThrow('killed');

  const next = new AbortController();
  const second = engine.generate(prepared, () => {}, next.signal);
  next.abort(new Error('killed too'));
  await expect(second).rejects.toThrow('killed too');
});

test('a closed engine ends running requests and refuses new ones', async () => {
  const engine = new EchoEngine({ kind: 'echo', slots: 1, tokenDelayMs: 60_000 });
  const prepared = await engine.prepare(aRequest('never answered'));
  const run = engine.generate(prepared, () => {}, never);
  await engine[Symbol.asyncDispose]();
  await expect(run).rejects.toMatchObject({ kind: 'infra' });
  await expect(engine.generate(prepared, () => {}, never)).rejects.toMatchObject({ kind: 'infra' });
});

test('a prompt of more words than the context is refused', async () => {
  await expect(echo('word '.repeat(4096))).rejects.toMatchObject({
    kind: 'input',
    message: expect.stringContaining('4096 words'),
  });
});

test.each([
  ['messages', { messages: [] }],
  ['messages[0].content', { messages: [{ role: 'user', content: '' }] }],
  ['maxTokens', { maxTokens: 0 }],
  ['minTokens', { minTokens: 33 }],
  ['temperature', { temperature: -1 }],
  ['topP', { topP: 0 }],
  ['topK', { topK: 1.5 }],
  ['repetitionPenalty', { repetitionPenalty: Number.NaN }],
  ['stopSequences[1]', { stopSequences: ['a', ''] }],
] as const)('an invalid %s is refused, and the error names it', async (field, changes) => {
  await expect(echo('hello', changes)).rejects.toMatchObject({
    kind: 'input',
    message: expect.stringContaining(field),
  });
});
