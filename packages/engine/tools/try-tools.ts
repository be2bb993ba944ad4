// Asks a model folder, or the demo model, questions with tools: free, required, named, several calls,
// cut by max_tokens, and with an output. Checks that the arguments of every whole call are valid.
// With --cost it compares the processor time per token with and without the grammar of calls.
//
//  node --import tsx packages/engine/tools/try-tools.ts [--cost] [FOLDER]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { CALL_FORMATS, readAnswer } from '@runfleet/protocol';
import { Ajv2020 } from 'ajv/dist/2020.js';

import type { ChatMessage, GenerateRequest } from '../src/engine.ts';
import { buildDemoModelFolder, openEngine } from '../src/index.ts';
import { aRequest } from '../src/testing/a-request.ts';

const TOOLS = [
  {
    name: 'get_weather',
    description: 'Current weather of a city.',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string', maxLength: 40 },
        unit: { enum: ['celsius', 'fahrenheit'] },
      },
      required: ['city'],
    },
  },
  {
    name: 'add',
    description: 'Adds two numbers.',
    parameters: {
      type: 'object',
      properties: { a: { type: 'number' }, b: { type: 'number' } },
      required: ['a', 'b'],
    },
  },
  {
    name: 'clock',
    description: 'The time.',
    parameters: { type: 'object', properties: {} },
  },
];
const validators = new Map(
  TOOLS.map(({ name, parameters }) => [name, new Ajv2020().compile(parameters)]),
);
/** Its argument is one string without an end, so every step needs a large mask. */
const LONG = [
  {
    name: 'note',
    description: 'Takes a note.',
    parameters: {
      type: 'object',
      properties: { text: { type: 'string', minLength: 900 } },
      required: ['text'],
    },
  },
];
const ROUNDS = 8;
const ask = (content: string): ChatMessage => ({ role: 'user', content });
const called: ChatMessage = {
  role: 'assistant',
  content: '',
  toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city": "Paris"}' }],
};
const ROWS: [string, Partial<GenerateRequest>][] = [
  ['auto, no tool needed', { messages: [ask('Write one line about the sea.')] }],
  ['auto', { messages: [ask('What is the weather in Paris?')] }],
  ['required', { messages: [ask('What is 12 plus 30?')], toolChoice: 'required' }],
  ['named', { messages: [ask('What is the weather in Oslo?')], toolChoice: { name: 'clock' } }],
  ['named with arguments', { messages: [ask('Add 2 and 3.')], toolChoice: { name: 'add' } }],
  [
    'one call at most',
    {
      messages: [ask('Weather in Rome and in Bern?')],
      toolChoice: 'required',
      parallelToolCalls: false,
    },
  ],
  ['several calls', { messages: [ask('Weather in Rome and in Bern?')], toolChoice: 'required' }],
  [
    'cut by max_tokens',
    { messages: [ask('What is the weather in Paris?')], toolChoice: 'required', maxTokens: 14 },
  ],
  ['none', { messages: [ask('What is the weather in Paris?')], toolChoice: 'none' }],
  [
    'an output',
    {
      messages: [
        ask('What is the weather in Paris?'),
        called,
        {
          role: 'tool',
          content: '{"temperature": 21, "sky": "clear"}',
          callId: 'call_1',
          name: 'get_weather',
        },
      ],
    },
  ],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cost: { type: 'boolean', default: false } },
});
const work = await mkdtemp(join(tmpdir(), 'runfleet-tools-'));
const modelDir = positionals[0] ?? join(work, 'demo');
if (positionals.length === 0) await buildDemoModelFolder(modelDir);
const engine = await openEngine({ kind: 'onnx', modelDir, provider: 'cpu', slots: 1, threads: 1 });
try {
  if (values.cost) await compareCost();
  else for (const [name, changes] of ROWS) await show(name, changes);
} finally {
  await engine[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true });
}

async function answer(changes: Partial<GenerateRequest>, isHeld = true) {
  const prepared = await engine.prepare(
    aRequest('', { tools: TOOLS, maxTokens: 160, greedy: true, ...changes }),
  );
  if (!isHeld) Object.assign(prepared.request, { grammar: null });
  let text = '';
  const { signal } = new AbortController();
  const result = await engine.generate(prepared, (chunk) => (text += chunk.text), signal);
  return { text, result, prepared };
}

async function show(name: string, changes: Partial<GenerateRequest>) {
  const { text, result, prepared } = await answer(changes);
  const { callFormat } = prepared;
  const parts = callFormat ? readAnswer(text, CALL_FORMATS[callFormat]) : [];
  const states = parts.flatMap((part) => (part.type === 'call' ? [stateOf(part)] : []));
  process.stdout.write(
    `## ${name} (${callFormat ?? 'no calls'}, prompt of ${result.promptTokens} tokens, ${result.completionTokens} tokens, ${result.finishReason}, calls: ${states.join(', ') || 'none'})\n${text}\n\n`,
  );
  if (states.includes('INVALID')) process.exitCode = 1;
}

function stateOf(call: { name: string; arguments: string; isWhole: boolean }): string {
  if (!call.isWhole) return 'cut';
  return validators.get(call.name)?.(JSON.parse(call.arguments)) ? 'valid' : 'INVALID';
}

/**
 * The same prompts with and without their grammar, in turns, so that other load on the machine meets
 * all; the least of each counts.
 */
async function compareCost() {
  const asked = { messages: [ask('Write about the sea.')], minTokens: 128, maxTokens: 128 };
  const required = { ...asked, tools: LONG, toolChoice: 'required' } as const;
  const rows: [string, Partial<GenerateRequest>, boolean][] = [
    ['a text, without a grammar', asked, false],
    ['a text that may call', asked, true],
    ['a text without a grammar, where a call is required', required, false],
    ['a required call with a long string', required, true],
  ];
  const least = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, changes, isHeld] of rows) {
      // The first answer reads the prompt; the second finds it in the cache.
      await answer({ ...changes, minTokens: 1, maxTokens: 1 }, isHeld);
      const before = process.cpuUsage();
      const { result } = await answer(changes, isHeld);
      const { user, system } = process.cpuUsage(before);
      const ms = (user + system) / 1_000 / result.completionTokens;
      least.set(name, Math.min(ms, least.get(name) ?? ms));
    }
  }
  for (const [name, ms] of least) {
    process.stdout.write(`${name}: ${ms.toFixed(3)} ms of processor time a token\n`);
  }
}
