import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildModelFolder, openEngine } from '@runfleet/engine';
import type { StoredHistory, TaskToRun } from '@runfleet/tasks';
import { NO_TURN, phi } from '@runfleet/tasks/testing';
import { afterAll, expect, test } from 'vitest';

import { preprocess } from './preprocess.ts';

const limits = { maxTokens: 200, maxTimeoutSeconds: 3_600 };
const dir = await mkdtemp(join(tmpdir(), 'runfleet-preprocess-'));
const modelDir = join(dir, 'model');
await buildModelFolder(modelDir);
const engine = await openEngine({
  kind: 'onnx',
  modelDir,
  provider: 'cpu',
  slots: 1,
  threads: 1,
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

const NO_HISTORY: StoredHistory = { system: null, turns: [], dropped: 0 };

const TASK = {
  id: '7',
  organisationId: '5',
  pool: phi().pool,
  ownerId: 'u',
  seed: '1',
  timeoutSeconds: 60,
  limits: null,
  parameters: { prompt: 'Hi' },
  fileTexts: null,
  ...NO_TURN,
};

function prepare(parameters: Record<string, unknown>, outputTokens: number | null = null) {
  const task = {
    ...TASK,
    limits: outputTokens === null ? null : { outputTokens },
    parameters: { prompt: 'Hi', ...parameters },
  };
  const readHistory = async () => NO_HISTORY;
  const { signal } = new AbortController();
  return preprocess({ limits, readHistory, historyTokensMax: 1_000 }, { task, engine, signal });
}

const CALL = '<tool_call>\n{"name": "time", "arguments": {}}\n</tool_call>';
const tools = ['time', 'place'].map((name) => ({ type: 'function', function: { name } }));
const called = (id: string, parameters: Record<string, unknown>) => ({
  id,
  number: 1,
  bytes: 10,
  parameters,
  fileTexts: null,
  answer: CALL,
  calls: 'hermes' as const,
});
const outputsOf = (id: string) => ({
  previousTaskToken: 'x'.repeat(30),
  session_id: 's',
  toolOutputs: [{ call_id: `call_${id}_1`, output: 'noon' }],
});

function answerCalls(turns: StoredHistory['turns'], parentId: string) {
  const task = { ...TASK, parameters: outputsOf(parentId), parentId, turn: 3 };
  const readHistory = async () => ({ ...NO_HISTORY, turns });
  const { signal } = new AbortController();
  return preprocess({ limits, readHistory, historyTokensMax: 1 }, { task, engine, signal });
}

test('outputs are read behind their calls, and the tools are those of the first turn', async () => {
  const first = { prompt: 'Hi', tools, tool_choice: 'required', parallel_tool_calls: false };
  // However long they are: the exchange is never dropped.
  const { prepared, prompt } = await answerCalls(
    [called('5', first), called('6', outputsOf('5'))],
    '6',
  );
  expect(prompt).toBe('noon');
  expect(prepared.callFormat).not.toBeNull();
  const { messages, ...request } = prepared.request;
  expect(messages).toEqual([
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: '',
      toolCalls: [{ id: 'call_5_1', name: 'time', arguments: '{}' }],
    },
    { role: 'tool', content: 'noon', callId: 'call_5_1', name: 'time' },
    {
      role: 'assistant',
      content: '',
      toolCalls: [{ id: 'call_6_1', name: 'time', arguments: '{}' }],
    },
    { role: 'tool', content: 'noon', callId: 'call_6_1', name: 'time' },
  ]);
  expect(request).toMatchObject({
    tools: [{ name: 'time' }, { name: 'place' }],
    toolChoice: 'auto',
    parallelToolCalls: false,
  });
});

test('outputs of calls that are gone are refused', async () => {
  const message = '[toolOutputs] answers calls that are gone';
  await expect(answerCalls([], '6')).rejects.toThrow(message);
  await expect(answerCalls([called('5', { prompt: 'Hi', tools })], '6')).rejects.toThrow(message);
  await expect(answerCalls([called('6', outputsOf('5'))], '6')).rejects.toThrow(message);
});

const schema = (of: object) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: of } },
});

test.each<[string, Record<string, unknown>]>([
  ['json', { response_format: '{"type":"json_object"}' }],
  ['a pattern', { regex: '^(?<first>[^"]{1,900})(a|b)*?$' }],
  ['the longest lengths', schema({ type: 'string', minLength: 10_000, maxLength: 10_000 })],
  [
    'the most items',
    schema({ type: 'array', items: { type: 'array', maxItems: 1_000 }, minItems: 1_000 }),
  ],
  ['recursion', schema({ type: 'object', properties: { a: { $ref: '#' } } })],
  [
    'definitions',
    schema({ $ref: '#/$defs/x', $defs: { x: { anyOf: [{ const: 1 }, { enum: ['a'] }] } } }),
  ],
  ['formats', schema({ type: 'object', additionalProperties: { type: 'string', format: 'uuid' } })],
  ['a tuple', schema({ type: 'array', prefixItems: [true, { type: 'null' }], items: false })],
  ['types and bounds', schema({ type: ['integer', 'null'], exclusiveMinimum: 0.5, maximum: 1e20 })],
  ['a pattern of quotes', schema({ type: 'string', pattern: '^".*\\\\\\s$' })],
])('the engine accepts what the API accepts: %s', async (_, parameters) => {
  const { prepared } = await prepare(parameters);
  const end = AbortSignal.timeout(20_000);
  const result = await engine.generate(prepared, () => {}, end);
  expect(result.completionTokens).toBeGreaterThan(0);
});

test('a task shares cached prefixes only with tasks of its organisation', async () => {
  const { prepared } = await prepare({});
  expect(prepared.request.cacheScope).toBe('5');
});

test('an answer is as long as the worker allows, and the version that accepted its task', async () => {
  const maxTokensOf = async (...task: Parameters<typeof prepare>) =>
    (await prepare(...task)).prepared.request.maxTokens;
  expect(await maxTokensOf({})).toBe(200);
  expect(await maxTokensOf({}, 50)).toBe(50);
  expect(await maxTokensOf({ max_tokens: '20' }, 50)).toBe(20);
  expect(await maxTokensOf({}, 9_999)).toBe(200);
});

test.each([
  [
    schema({ type: 'integer', exclusiveMinimum: 1, exclusiveMaximum: 2 }),
    'response_format.json_schema.schema allows no finite text',
  ],
  [{ regex: '(a{0,100}){0,100}' }, 'regex '],
])('a grammar that no answer can satisfy fails as the caller’s mistake', async (given, message) => {
  const { prepared } = await prepare(given);
  await expect(
    engine.generate(prepared, () => {}, AbortSignal.timeout(20_000)),
  ).rejects.toMatchObject({ kind: 'input', message: expect.stringContaining(message) });
});

test('the texts of files are read before the prompt, in the turn and in later ones', async () => {
  const files = [{ name: 'tides.txt', text: 'High at six.' }];
  const inline = { prompt: '# tides.txt\n\nHigh at six.\n\n---\n\nWhen?' };
  const { signal } = new AbortController();
  const read = (task: TaskToRun, turns: StoredHistory['turns'] = []) => {
    const readHistory = async () => ({ ...NO_HISTORY, turns });
    return preprocess({ limits, readHistory, historyTokensMax: 1_000 }, { task, engine, signal });
  };
  const filed = await read({ ...TASK, parameters: { prompt: 'When?' }, fileTexts: files });
  const typed = await read({ ...TASK, parameters: inline });
  expect(filed.prepared.promptIds).toEqual(typed.prepared.promptIds);
  expect(filed.prompt).toBe('When?');

  const next = { ...TASK, parentId: '1', turn: 2 };
  const turn = { id: '1', number: 1, bytes: 10, answer: 'At six.', calls: null };
  const later = await Promise.all([
    read(next, [{ ...turn, parameters: { prompt: 'When?' }, fileTexts: files }]),
    read(next, [{ ...turn, parameters: inline, fileTexts: null }]),
  ]);
  expect(later[0].prepared.promptIds).toEqual(later[1].prepared.promptIds);
});

/** Turns of a conversation, each with a hundred words, as the database would give them. */
function converse(historyTokensMax: number) {
  const turns: StoredHistory['turns'][number][] = [];
  let dropped = 0;
  return async (readHistory?: (stored: StoredHistory) => Promise<StoredHistory>) => {
    const number = turns.length + 1;
    const parameters = { prompt: `turn ${number} `.repeat(50) };
    const stored = { system: null, turns: turns.slice(dropped), dropped };
    const { signal } = new AbortController();
    const task = { ...TASK, parameters, turn: number, parentId: number > 1 ? '1' : null };
    const ctx = {
      limits,
      historyTokensMax,
      readHistory: () => readHistory?.(stored) ?? Promise.resolve(stored),
    };
    const { prepared, history } = await preprocess(ctx, { task, engine, signal });
    dropped = history?.dropped ?? 0;
    turns.push({
      id: `${number}`,
      number,
      bytes: 1_000,
      parameters,
      fileTexts: null,
      answer: `said ${number}`,
      calls: null,
    });
    return { ids: [...prepared.promptIds], history };
  };
}

test('a history is as long as the setting allows, and prompts begin alike between its steps', async () => {
  const say = converse(1_500);
  let before = await say();
  let steps = 0;
  for (let number = 2; number <= 40; number += 1) {
    const now = await say();
    const { turns, tokens, dropped } = now.history ?? { turns: 0, tokens: 0, dropped: 0 };
    expect(turns + dropped).toBe(number - 1);
    const isStep = dropped > (before.history?.dropped ?? 0);
    expect(tokens).toBeLessThanOrEqual(isStep ? 750 : 1_500);
    // All but what the template writes after the last message.
    const common = isStep ? 0 : before.ids.length - 1;
    expect(now.ids.slice(0, common)).toEqual(before.ids.slice(0, common));
    steps += Number(isStep);
    before = now;
  }
  expect(steps).toBeGreaterThan(1);
  expect(steps).toBeLessThan(20);
});

test('however much the setting allows, a quarter of the context is left to the answer', async () => {
  const say = converse(1_000_000);
  const { contextLength } = engine.facts;
  for (let number = 1; number <= 60; number += 1) {
    const { ids } = await say();
    expect(ids.length).toBeLessThanOrEqual(contextLength - Math.min(200, contextLength / 4));
  }
});

test('a history that Postgres does not give at once is read when it does', async () => {
  const say = converse(1_000);
  await say();
  let reads = 0;
  const { history } = await say(async (stored) => {
    reads += 1;
    if (reads === 1) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    return stored;
  });
  expect({ reads, history }).toMatchObject({ reads: 2, history: { turns: 1 } });
});
