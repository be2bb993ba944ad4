import { CALL_FORMATS } from '@runfleet/protocol';
import { describe, expect, test } from 'vitest';

import { grammarOf, parseChatParameters } from './chat-parameters.ts';

const limits = { maxTokens: 1_024, maxTimeoutSeconds: 3_600 };
const parse = (body: Record<string, unknown>) =>
  parseChatParameters({ prompt: 'Hi', ...body }, limits);

const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tool = (name: string, changes: object = {}) => ({
  type: 'function',
  function: { name, ...changes },
});
const WEATHER = tool('weather', { description: 'The weather.', parameters: CITY, strict: true });
const TOOLS = [WEATHER, tool('time')];
const READ = [
  { name: 'weather', description: 'The weather.', parameters: CITY },
  { name: 'time', description: '', parameters: { type: 'object', properties: {} } },
];
const NAMED = { type: 'function', function: { name: 'time' } };

describe('tools', () => {
  test.for([[TOOLS], [JSON.stringify(TOOLS)]])('are read from %o', ([tools]) => {
    expect(parse({ tools })).toMatchObject({
      tools: READ,
      toolChoice: 'auto',
      parallelToolCalls: true,
    });
  });

  test.for<[given: unknown, read: unknown]>([
    ['', 'auto'],
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    [NAMED, { name: 'time' }],
    [JSON.stringify(NAMED), { name: 'time' }],
  ])('with the choice %o', ([given, read]) => {
    expect(parse({ tools: TOOLS, tool_choice: given }).toolChoice).toEqual(read);
  });

  test.for([
    ['', true],
    ['false', false],
    [false, false],
    ['true', true],
  ] as const)('in parallel: %o', ([given, read]) => {
    expect(parse({ tools: TOOLS, parallel_tool_calls: given }).parallelToolCalls).toBe(read);
  });

  test.for([
    {},
    { tools: [] },
    { tools: '[]' },
    { tools: '', tool_choice: 'none', parallel_tool_calls: '' },
    { tools: null, tool_choice: 'auto', parallel_tool_calls: true },
  ])('are none in %o', (body) => {
    const request = parse(body);
    expect(request.tools).toEqual([]);
    expect(grammarOf(request)).toBeNull();
  });

  test('hold an answer that may call one of them', () => {
    expect(grammarOf(parse({ tools: TOOLS, tool_choice: NAMED }))).toMatchObject({
      kind: 'calls',
      format: CALL_FORMATS.hermes,
      tools: [{ name: 'time' }],
      isRequired: true,
      isParallel: false,
    });
    const none = { tools: TOOLS, tool_choice: 'none', response_format: { type: 'json_object' } };
    expect(grammarOf(parse(none))).toEqual({ kind: 'json' });
  });

  test.for<[body: Record<string, unknown>, message: string]>([
    [{ tools: 'x' }, '[tools] is not valid JSON'],
    [{ tools: {} }, '[tools] must be a list of at most 64 tools'],
    [{ tools: Array.from({ length: 65 }, (_, at) => tool(`t${at}`)) }, 'at most 64 tools'],
    [{ tools: ' '.repeat(262_145) }, '[tools] has 262145 characters; the maximum is 262144'],
    [{ tools: [tool('a', { parameters: { title: 'x'.repeat(131_072) } })] }, '[tools] has 131'],
    [{ tools: ['weather'] }, '[tools[0].type] must be function'],
    [{ tools: [{ type: 'custom', name: 'a' }] }, '[tools[0].type] must be function'],
    [{ tools: [{ type: 'function', name: 'a' }] }, '[tools[0].name] is not supported'],
    [{ tools: [{ type: 'function' }] }, '[tools[0].function] must be an object'],
    [{ tools: [tool('a b')] }, '[tools[0].function.name] must be a string of 1 to 64'],
    [{ tools: [tool('')] }, '[tools[0].function.name] must be a string of 1 to 64'],
    [{ tools: [WEATHER, tool('weather')] }, '[tools[1].function.name] is the name of another tool'],
    [
      { tools: [tool('a', { description: 7 })] },
      '[tools[0].function.description] must be a string',
    ],
    [
      { tools: [tool('a', { description: 'x'.repeat(4_097) })] },
      '[tools[0].function.description] must be a string of at most 4096 characters',
    ],
    [{ tools: [tool('a', { parameters: [] })] }, '[tools[0].function.parameters] must be a JSON'],
    [{ tools: [tool('a', { strict: 'yes' })] }, '[tools[0].function.strict] must be true or false'],
    [{ tools: [tool('a', { returns: 1 })] }, '[tools[0].function.returns] is not supported'],
    [{ tools: TOOLS, tool_choice: 'any' }, '[tool_choice] must be auto, none, required or {"type"'],
    [{ tools: TOOLS, tool_choice: 7 }, '[tool_choice] must be auto, none, required or'],
    [{ tools: TOOLS, tool_choice: '{' }, '[tool_choice] is not valid JSON'],
    [{ tools: TOOLS, tool_choice: { type: 'tool' } }, '[tool_choice.type] must be function'],
    [{ tools: TOOLS, tool_choice: { ...NAMED, mode: 1 } }, '[tool_choice.mode] is not supported'],
    [{ tools: TOOLS, tool_choice: tool('other') }, '[tool_choice.function.name] must be the name'],
    [{ tool_choice: 'required' }, '[tools] required with [tool_choice]'],
    [{ tool_choice: NAMED }, '[tools] required with [tool_choice]'],
    [{ tools: TOOLS, parallel_tool_calls: 'maybe' }, '[parallel_tool_calls] must be true or false'],
    [
      { tools: TOOLS, response_format: { type: 'json_object' } },
      '[response_format] cannot be combined with [tools], unless [tool_choice] is none',
    ],
    [{ tools: TOOLS, regex: 'a' }, '[regex] cannot be combined with [tools]'],
  ])('are refused by the name of the member: %o', ([body, message]) => {
    expect(() => parse(body)).toThrow(message);
  });
});

const call = (id: string, changes: object = {}) => ({
  id,
  type: 'function',
  function: { name: 'time', arguments: '{"zone": "UTC"}', ...changes },
});
const user = { role: 'user', content: 'Hi' };
const calling = (...calls: object[]) => ({ role: 'assistant', content: null, tool_calls: calls });
const output = (tool_call_id: unknown, content: unknown = '12:00') => ({
  role: 'tool',
  tool_call_id,
  content,
});

describe('messages with calls', () => {
  test('are read with the outputs, which get the names of their tools', () => {
    const messages = [user, calling(call('a'), call('b')), output('b'), output('a')];
    const prompt = '';
    expect(parse({ prompt, messages }).messages).toEqual([
      user,
      {
        role: 'assistant',
        content: '',
        toolCalls: ['a', 'b'].map((id) => ({ id, name: 'time', arguments: '{"zone": "UTC"}' })),
      },
      { role: 'tool', content: '12:00', callId: 'b', name: 'time' },
      { role: 'tool', content: '12:00', callId: 'a', name: 'time' },
    ]);
  });

  test('may have no arguments, a text beside calls, and a place in a stream', () => {
    const calls = [{ ...call('a', { arguments: '' }), index: 0 }];
    const given = { role: 'assistant', content: 'A look.', tool_calls: calls, refusal: null };
    const [, assistant] = parse({ prompt: '', messages: [user, given, output('a')] }).messages;
    expect(assistant).toEqual({
      role: 'assistant',
      content: 'A look.',
      toolCalls: [{ id: 'a', name: 'time', arguments: '{}' }],
    });
  });

  test.for<[messages: object[], message: string]>([
    [[user, calling(call('a'))], 'must end with a message of role user or tool'],
    [[user, output('a')], '[messages[1].tool_call_id] must be the id of a call'],
    [
      [user, calling(call('a')), output('b')],
      '[messages[2].tool_call_id] must be the id of a call',
    ],
    [[user, calling(call('a')), output('a'), output('a')], '[messages[3].tool_call_id] must be'],
    [
      [user, calling(call('a'), call('b')), output('a')],
      '[messages] must come after a message of role tool for the call b',
    ],
    [
      [user, calling(call('a')), user],
      '[messages[2]] must come after a message of role tool for the call a',
    ],
    [
      [user, calling(call('a'), call('a')), output('a')],
      '[messages[1].tool_calls[1].id] is that of',
    ],
    [
      [user, calling(...Array.from({ length: 17 }, (_, at) => call(`c${at}`)))],
      '[messages[1].tool_calls] must be a list of at most 16 calls',
    ],
    [[user, { ...calling(), tool_calls: {} }], '[messages[1].tool_calls] must be a list'],
    [[user, calling({ ...call('a'), type: 'custom' })], '[messages[1].tool_calls[0].type] must be'],
    [[user, calling(call(''))], '[messages[1].tool_calls[0].id] must be a string of 1 to 128'],
    [
      [user, calling(call('a', { name: '?' }))],
      '[messages[1].tool_calls[0].function.name] must be',
    ],
    [
      [user, calling(call('a', { arguments: '[]' }))],
      'function.arguments] must be the text of a JSON',
    ],
    [
      [user, calling(call('a', { arguments: {} }))],
      'function.arguments] must be the text of a JSON',
    ],
    [[user, calling(call('a', { arguments: '{' }))], 'function.arguments] is not valid JSON'],
    [
      [user, calling({ ...call('a'), extra: 1 })],
      '[messages[1].tool_calls[0].extra] is not supported',
    ],
    [[{ ...user, tool_calls: [call('a')] }], '[messages[0].tool_calls] is not supported'],
    [[{ ...user, tool_call_id: 'a' }], '[messages[0].tool_call_id] is not supported'],
    [
      [user, calling(call('a')), output(7)],
      '[messages[2].tool_call_id] must be a string of 1 to 128',
    ],
    [[user, calling(call('a')), output('a', 7)], '[messages[2].content] must be a string'],
  ])('are refused by the name of the member: %o', ([messages, message]) => {
    expect(() => parse({ prompt: '', messages })).toThrow(message);
  });
});
