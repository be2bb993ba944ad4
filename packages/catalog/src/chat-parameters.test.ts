import { priceSchema } from '@runfleet/protocol';
import { describe, expect, test } from 'vitest';

import { parseChatParameters, readChatParameters } from './chat-parameters.ts';
import { findModel, MODELS } from './index.ts';

const limits = { maxTokens: 1_024, maxTimeoutSeconds: 3_600 };
const parse = (body: Record<string, unknown>) => parseChatParameters(body, limits);

const schema = (of: object) => ({ type: 'json_schema', json_schema: { schema: of } });
const nested = (levels: number): object => {
  let value = {};
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
};

test('a prompt alone gets every default', () => {
  expect(parse({ prompt: 'Hi' })).toEqual({
    messages: [{ role: 'user', content: 'Hi' }],
    inputFiles: [],
    conversation: null,
    tools: [],
    toolChoice: 'auto',
    parallelToolCalls: true,
    maxTokens: 1_024,
    minTokens: 0,
    temperature: 0.7,
    topP: 0.95,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    presencePenalty: 0,
    frequencyPenalty: 0,
    greedy: false,
    stopSequences: [],
    stopTokenIds: [],
    topLogprobs: null,
    grammar: null,
    seed: null,
    timeoutSeconds: 300,
  });
});

test('every parameter may be a string, as the vendor sends it', () => {
  const request = parse({
    prompt: 'Hi',
    system_prompt: 'Be brief.',
    user_id: '',
    session_id: '',
    temperature: '0.2',
    top_p: '0.5',
    top_k: '40',
    repetition_penalty: '1.1',
    length_penalty: '1',
    max_tokens: '0',
    min_tokens: '2',
    max_new_tokens: '32',
    stop_sequences: '###;\n\n',
    seed: '12345',
    do_sample: '--do_sample',
    min_p: '0.05',
    presence_penalty: '-0.5',
    frequency_penalty: '0.25',
    stop_token_ids: '32007, 32000',
    logprobs: 'true',
    top_logprobs: '5',
    regex: '(yes|no)',
    response_format: '',
  });
  expect(request).toMatchObject({
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ],
    maxTokens: 32,
    minTokens: 2,
    temperature: 0.2,
    topP: 0.5,
    topK: 40,
    greedy: false,
    stopSequences: ['###', '\n\n'],
    seed: 12_345n,
    minP: 0.05,
    presencePenalty: -0.5,
    frequencyPenalty: 0.25,
    stopTokenIds: [32_007, 32_000],
    topLogprobs: 5,
    grammar: { kind: 'regex', pattern: '(yes|no)' },
  });
});

test.for([[[7, 8]], ['7,8'], ['7;8'], ['[7, 8]'], [['7', '8']]] as const)(
  'stop_token_ids may be %o',
  ([given]) => {
    expect(parse({ prompt: 'Hi', stop_token_ids: given }).stopTokenIds).toEqual([7, 8]);
  },
);

test('a list of stop sequences may hold semicolons', () => {
  expect(parse({ prompt: 'Hi', stop_sequences: ['a;b', ';'] }).stopSequences).toEqual(['a;b', ';']);
});

test('a response format is an object or its text', () => {
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
  const format = { type: 'json_schema', json_schema: { name: 'answer', schema } };
  const grammar = { kind: 'json_schema', schema: JSON.stringify(schema) };
  expect(parse({ prompt: 'Hi', response_format: format }).grammar).toEqual(grammar);
  expect(parse({ prompt: 'Hi', response_format: JSON.stringify(format) }).grammar).toEqual(grammar);
  expect(parse({ prompt: 'Hi', response_format: { type: 'text' } }).grammar).toBeNull();
  expect(parse({ prompt: 'Hi', response_format: { type: 'json_object' } }).grammar).toEqual({
    kind: 'json',
  });
});

test('a schema in text keeps the digits of its whole numbers', () => {
  const schema = '{"enum":[9007199254740993,{"a":[123456789012345678901234567890]}]}';
  const format = `{"type":"json_schema","json_schema":{"schema":${schema}}}`;
  const { grammar } = parse({ prompt: 'Hi', response_format: format });
  expect(grammar).toEqual({ kind: 'json_schema', schema });
});

test('the values that published clients send for "not used" mean it', () => {
  const off = {
    prompt: 'Hi',
    messages: [],
    top_p: 0,
    top_k: '-1',
    repetition_penalty: '0',
    min_tokens: -1,
    min_new_tokens: '-1',
    max_tokens: 0,
    max_new_tokens: '0',
    seed: '-1',
    timeout: 0,
  };
  expect(parse(off)).toEqual({ ...parse({ prompt: 'Hi' }), topP: 1 });
  for (const messages of [null, '', '[]']) expect(parse({ ...off, messages })).toEqual(parse(off));
});

test('a text that is a number counts as one, with spaces, a sign or decimals', () => {
  const body = { prompt: 'Hi', max_tokens: ' 20.0 ', temperature: '+.5', top_k: '1e2' };
  expect(parse(body)).toMatchObject({ maxTokens: 20, temperature: 0.5, topK: 100 });
});

test('a parameter is read under each of its names, and under two with the same value', () => {
  const body = {
    prompt: 'Hi',
    max_completion_tokens: '40',
    max_tokens: 40,
    topP: '0.5',
    systemInstructions: 'Be brief.',
    stop: [';', 'END'],
  };
  expect(parse(body)).toMatchObject({
    messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }],
    maxTokens: 40,
    topP: 0.5,
    stopSequences: [';', 'END'],
  });
  expect(parse({ prompt: 'Hi', stop: 'a;b' }).stopSequences).toEqual(['a;b']);
  // A name with "not used" does not conflict with the other.
  expect(parse({ prompt: 'Hi', topP: 0, top_p: 0.3 }).topP).toBe(0.3);
});

test('text parts of a message become lines, and a developer is the system', () => {
  const parts = [
    { type: 'text', text: 'One' },
    { type: 'text', text: 'Two' },
  ];
  const messages = [
    { role: 'developer', content: 'S' },
    { role: 'assistant', content: '', refusal: null, tool_calls: [] },
    { role: 'user', content: parts, name: 'ada' },
  ];
  expect(parse({ messages }).messages).toEqual([
    { role: 'system', content: 'S' },
    { role: 'assistant', content: '' },
    { role: 'user', content: 'One\nTwo' },
  ]);
});

test("the default timeout is at most the operator's limit", () => {
  const request = parseChatParameters({ prompt: 'Hi' }, { maxTokens: 9, maxTimeoutSeconds: 60 });
  expect(request.timeoutSeconds).toBe(60);
});

test('parameters that were stored before their name was refused can still be run', () => {
  const stored = { prompt: 'Hi', extra: 1, webSearch: true };
  expect(readChatParameters(stored, limits)).toEqual(parse({ prompt: 'Hi' }));
});

test('a request accepted under wider limits runs within the narrower ones', () => {
  const stored = { prompt: 'Hi', max_tokens: 900, min_tokens: 800, timeout: 3_000 };
  const narrow = { maxTokens: 100, maxTimeoutSeconds: 60 };
  expect(readChatParameters(stored, narrow)).toEqual({
    ...parse(stored),
    maxTokens: 100,
    minTokens: 100,
    timeoutSeconds: 60,
  });
});

test.for([
  [{ temperature: 0 }],
  [{ temperature: '0' }],
  [{ do_sample: false }],
  [{ do_sample: 'false' }],
  [{ do_sample: 'False' }],
  [{ do_sample: 0 }],
  [{ do_sample: '0' }],
  [{ do_sample: '' }],
] as const)('%o is greedy', ([body]) => {
  expect(parse({ prompt: 'Hi', ...body }).greedy).toBe(true);
});

test("an answer is at most as long as the operator's limit", () => {
  expect(parse({ prompt: 'Hi', max_tokens: 100_000 }).maxTokens).toBe(1_024);
});

test('a conversation is read from messages, after the system prompt', () => {
  const messages = [
    { role: 'user', content: 'One' },
    { role: 'assistant', content: 'Two' },
    { role: 'user', content: 'Three' },
  ];
  expect(parse({ messages, system_prompt: 'S' }).messages).toEqual([
    { role: 'system', content: 'S' },
    ...messages,
  ]);
  expect(parse({ messages: JSON.stringify(messages) }).messages).toEqual(messages);
});

describe('invalid input is refused with the name of its field', () => {
  test.for([
    [{}, 'Request parameter [prompt] required'],
    [{ prompt: '' }, 'Request parameter [prompt] required'],
    [{ prompt: '  \n' }, 'Request parameter [prompt] required'],
    [{ prompt: 7 }, 'Request parameter [prompt] must be a string'],
    [{ prompt: ['a'] }, 'Request parameter [prompt] must be a string'],
    [{ prompt: 'a\0b' }, '[prompt] must be valid Unicode text'],
    [{ prompt: 'a\ud800' }, '[prompt] must be valid Unicode text'],
    [{ prompt: 'a', user_id: '\udc00' }, '[user_id] must be valid Unicode text'],
    [
      { messages: [{ role: 'user', content: 'a\0' }] },
      '[messages.0.content] must be valid Unicode text',
    ],
    [
      { messages: '[{"role":"user","content":"a\\u0000"}]' },
      '[messages.0.content] must be valid Unicode text',
    ],
    [
      { prompt: 'a', response_format: '{"type":"json_schema","json_schema":{"name":"\\ud800"}}' },
      '[response_format.json_schema.name] must be valid Unicode text',
    ],
    [
      { prompt: 'a', temperature: 'hot' },
      'Request parameter [temperature] must be integer or float',
    ],
    [{ prompt: 'a', temperature: '0x1' }, '[temperature] must be integer or float'],
    [{ prompt: 'a', temperature: NaN }, '[temperature] must be integer or float'],
    [{ prompt: 'a', temperature: {} }, '[temperature] must be integer or float'],
    [{ prompt: 'a', temperature: 9 }, 'Request parameter [temperature] must be between 0 and 5'],
    [{ prompt: 'a', top_p: -0.1 }, 'Request parameter [top_p] must be between 0 and 1'],
    [{ prompt: 'a', top_k: 1.5 }, '[top_k] must be an integer'],
    [{ prompt: 'a', max_tokens: -1 }, '[max_tokens] must be between 0 and'],
    [{ prompt: 'a', min_tokens: 5, max_tokens: 4 }, '[min_tokens] must be between 0 and 4'],
    [{ prompt: 'a', seed: -2 }, '[seed] must be between 0 and'],
    [{ prompt: 'a', seed: 2 ** 53 }, '[seed] must be between 0 and'],
    [{ prompt: 'a', max_tokens: '1e400' }, '[max_tokens] must be integer or float'],
    [{ prompt: 'a', max_tokens: true }, '[max_tokens] must be integer or float'],
    [{ prompt: 'a', max_tokens: ['5'] }, '[max_tokens] must be integer or float'],
    [{ prompt: 'a', topP: 1.5 }, '[topP] must be between 0 and 1'],
    [{ prompt: 'a', max_completion_tokens: 2.5 }, '[max_completion_tokens] must be an integer'],
    [
      { prompt: 'a', max_tokens: 5, max_completion_tokens: 6 },
      '[max_tokens] and [max_completion_tokens] name the same parameter and differ',
    ],
    [
      { prompt: 'a', stop: 'x', stop_sequences: 'y' },
      '[stop_sequences] and [stop] name the same parameter and differ',
    ],
    [{ prompt: 'a', stop: ['1', '2', '3', '4', '5'] }, '[stop] must have at most 4 texts'],
    [{ prompt: 'a', stop_sequences: 7 }, '[stop_sequences] must be a list of non-empty strings'],
    [{ prompt: 'a', timeout: 0.5 }, '[timeout] must be between 1 and'],
    [{ prompt: 'a', timeout: 4_000 }, '[timeout] must be between 1 and 3600'],
    [{ prompt: 'a', do_sample: 'maybe' }, '[do_sample] must be true or false'],
    [{ prompt: 'a', messages: [{ role: 'user', content: 'b' }] }, '[prompt] cannot be combined'],
    [{ prompt: 'a', min_p: 2 }, '[min_p] must be between 0 and 1'],
    [{ prompt: 'a', presence_penalty: 3 }, '[presence_penalty] must be between -2 and 2'],
    [{ prompt: 'a', frequency_penalty: 'x' }, '[frequency_penalty] must be integer or float'],
    [{ prompt: 'a', stop_sequences: 'x'.repeat(257) }, '[stop_sequences] must have texts of'],
    [
      { prompt: 'a', stop_sequences: ['a', ''] },
      '[stop_sequences] must be a list of non-empty strings',
    ],
    [{ prompt: 'a', stop_token_ids: '1,x' }, '[stop_token_ids] must be a list of token ids'],
    [{ prompt: 'a', stop_token_ids: [-1] }, '[stop_token_ids] must be a list of token ids'],
    [{ prompt: 'a', stop_token_ids: Array(65).fill(1) }, '[stop_token_ids] must have at most 64'],
    [{ prompt: 'a', top_logprobs: 2 }, '[top_logprobs] requires [logprobs]'],
    [{ prompt: 'a', logprobs: 'yes' }, '[logprobs] must be true or false'],
    [{ prompt: 'a', logprobs: true, top_logprobs: 21 }, '[top_logprobs] must be between 0 and 20'],
    [{ prompt: 'a', response_format: 'json' }, '[response_format] is not valid JSON'],
    [
      { prompt: 'a', response_format: '['.repeat(5_000) + ']'.repeat(5_000) },
      '[response_format] is nested deeper than 32 levels',
    ],
    [
      { prompt: 'a', response_format: ' '.repeat(300_000) },
      '[response_format] has 300000 characters',
    ],
    [
      { prompt: 'a', response_format: { type: 'text', extra: 'b' } },
      '[response_format.extra] is not supported',
    ],
    [
      {
        prompt: 'a',
        response_format: { type: 'json_schema', json_schema: { schema: {}, strict: {} } },
      },
      '[response_format.json_schema.strict] must be true or false',
    ],
    [{ prompt: 'a', response_format: { type: 'xml' } }, '[response_format.type] must be text'],
    [{ prompt: 'a', response_format: { type: 'json_schema' } }, '[response_format.json_schema]'],
    [{ prompt: 'a', regex: 'a'.repeat(1_001) }, '[regex] has 1001 characters'],
    [
      { prompt: 'a', regex: 'a', response_format: { type: 'json_object' } },
      '[regex] cannot be combined with [response_format]',
    ],
    [{ messages: [] }, 'Request parameter [prompt] required'],
    [{ messages: {} }, '[messages] must be a list'],
    [{ messages: '['.repeat(200_000) + ']'.repeat(200_000) }, '[messages] is nested deeper'],
    [{ messages: `[{${'"k":1,'.repeat(20_000)}"k":1}]` }, '[messages] has more than 20000 values'],
    [
      { messages: '[{"role":"user","content":1e999}]' },
      '[messages] has a number that is too large',
    ],
    [
      {
        prompt: 'a',
        response_format: '{"type":"json_schema","json_schema":{"schema":{"const":1e999}}}',
      },
      '[response_format] has a number that is too large',
    ],
    [{ messages: 'no' }, '[messages] is not valid JSON'],
    [{ messages: [null] }, '[messages[0].role] must be one of'],
    [{ messages: [{ role: 'function', content: '' }] }, '[messages[0].role] must be one of'],
    [{ messages: [{ role: 'constructor', content: 'a' }] }, '[messages[0].role] must be one of'],
    [{ messages: [{ role: 'user', content: 1 }] }, '[messages[0].content] must be a string'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
      '[messages[0].content[0].type] must be text, not image_url',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'text', text: 1 }] }] },
      '[messages[0].content[0].text] must be a string',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'a', detail: 'b' }] }] },
      '[messages[0].content[0].detail] is not supported',
    ],
    [
      { messages: [{ role: 'user', content: 'a', weight: 2 }] },
      '[messages[0].weight] is not supported',
    ],
    [{ messages: [{ role: 'user', content: ' ' }] }, '[messages] must hold a text'],
    [{ messages: [{ role: 'assistant', content: 'b' }] }, 'must end with a message of role user'],
  ] as [Record<string, unknown>, string][])('%o', ([body, message]) => {
    expect(() => parse(body)).toThrow(message);
  });
});

test('parameters nested deeper than the stack are refused by name', () => {
  const text = JSON.stringify(schema({ const: nested(200) }));
  for (const body of [
    { response_format: schema({ const: nested(50_000) }) },
    { response_format: text },
  ]) {
    expect(() => parse({ prompt: 'a', ...body })).toThrow(/nested deeper than \d+ levels/);
  }
});

test('a slug is found whatever its case and punctuation', () => {
  for (const name of ['Phi-3.5-mini-instruct', 'phi-3-5-mini-instruct', 'PHI-3.5-MINI-INSTRUCT']) {
    expect(findModel('Microsoft', name)?.id).toBe('598');
  }
  expect(findModel('microsoft', 'Phi-3')).toBeUndefined();
});

test('every price is one that the wire takes', () => {
  for (const model of MODELS) expect(priceSchema.parse(model.price)).toEqual(model.price);
});
