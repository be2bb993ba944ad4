import type { ToolCall, ToolDefinition } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { checkRequest } from './check-request.ts';
import type { ChatMessage, GenerateRequest } from './engine.ts';
import { aRequest } from './testing/a-request.ts';

const tool = (name: string): ToolDefinition => ({ name, description: '', parameters: {} });
const call = (changes: Partial<ToolCall> = {}): ToolCall => ({
  id: 'call_1',
  name: 'clock',
  arguments: '{}',
  ...changes,
});
const turn = (toolCalls: ToolCall[], outputs: string[]): ChatMessage[] => [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: '', toolCalls },
  ...outputs.map((callId) => ({ role: 'tool' as const, content: '12', callId, name: 'clock' })),
];

test.each<[string, Partial<GenerateRequest>, string]>([
  [
    'too many tools',
    { tools: Array.from({ length: 65 }, (_, at) => tool(`t${at}`)) },
    'tools holds 65; 64 is the maximum.',
  ],
  [
    'a name with a space',
    { tools: [tool('a b')] },
    'tools[0].name must have 1 to 64 letters, digits, - and _.',
  ],
  ['a name twice', { tools: [tool('a'), tool('a')] }, 'tools[1].name is that of another tool.'],
  [
    'a choice without tools',
    { toolChoice: 'required' },
    'toolChoice must not be required without tools.',
  ],
  [
    'a choice of no tool',
    { tools: [tool('a')], toolChoice: { name: 'b' } },
    'toolChoice must name one of the tools.',
  ],
  [
    'a grammar beside tools',
    { tools: [tool('a')], grammar: { kind: 'json' } },
    'grammar cannot be combined with tools that may be called.',
  ],
  [
    'arguments that are no object',
    { messages: turn([call({ arguments: '[1]' })], []) },
    'messages[1].toolCalls[0].arguments must be the text of a JSON object.',
  ],
  [
    'arguments that are cut',
    { messages: turn([call({ arguments: '{"a": ' })], []) },
    'messages[1].toolCalls[0].arguments is not valid JSON.',
  ],
  [
    'arguments nested too deep',
    { messages: turn([call({ arguments: `{"a":${'['.repeat(99)}${']'.repeat(99)}}` })], []) },
    'messages[1].toolCalls[0].arguments is nested deeper than 32 levels.',
  ],
  [
    'a call of a bad name',
    { messages: turn([call({ name: '' })], []) },
    'messages[1].toolCalls[0].name must have 1 to 64 letters, digits, - and _.',
  ],
])('a request with %s is refused, and the error names the field', (_, changes, message) => {
  expect(() => checkRequest(aRequest('Hi', changes))).toThrow(
    expect.objectContaining({ kind: 'input', message }),
  );
});

test('tools, calls and outputs that fit are taken, and a grammar beside tools that are not called', () => {
  const tools = [tool('clock'), tool('get_weather-2')];
  for (const changes of [
    { tools, toolChoice: { name: 'clock' } },
    { tools, toolChoice: 'none', grammar: { kind: 'json' } },
    { tools, messages: turn([call(), call({ id: 'call_2' })], ['call_2', 'call_1']) },
    { messages: turn([call()], ['call_1']) },
    { messages: turn([], ['call_1']).slice(2) },
  ] as const) {
    expect(() => checkRequest(aRequest('Hi', changes))).not.toThrow();
  }
});
