import { describe, expect, test } from 'vitest';

import { parseChatParameters } from './chat-parameters.ts';

const limits = { maxTokens: 1_024, maxTimeoutSeconds: 3_600 };
const parse = (body: Record<string, unknown>) =>
  parseChatParameters({ session_id: 's', previousTaskToken: 'x'.repeat(30), ...body }, limits);

const OUTPUTS = [
  { call_id: 'call_7_1', output: '12:00' },
  { call_id: 'call_7_2', output: { degrees: 12 } },
];

describe('tool outputs', () => {
  test.for([[OUTPUTS], [JSON.stringify(OUTPUTS)]])(
    'are messages, read from %o',
    ([toolOutputs]) => {
      const neutral = { prompt: '', messages: '[]', tools: [], tool_choice: '', regex: null };
      expect(parse({ ...neutral, toolOutputs }).messages).toEqual([
        { role: 'tool', content: '12:00', callId: 'call_7_1', name: '' },
        { role: 'tool', content: '{"degrees":12}', callId: 'call_7_2', name: '' },
      ]);
    },
  );

  test.for([[''], [[]], ['[]'], [null]])('are none in %o', ([toolOutputs]) => {
    expect(parse({ prompt: 'Hi', toolOutputs }).messages).toHaveLength(1);
  });

  test.for<[name: string, value: unknown]>([
    ['prompt', 'Hi'],
    ['messages', [{ role: 'user', content: 'Hi' }]],
    ['tools', [{ type: 'function', function: { name: 'a' } }]],
    ['tool_choice', 'auto'],
    ['parallel_tool_calls', true],
    ['response_format', { type: 'text' }],
    ['regex', 'a'],
  ])('are refused beside %s', ([name, value]) => {
    expect(() => parse({ toolOutputs: OUTPUTS, [name]: value })).toThrow(
      `[${name}] cannot be combined with [toolOutputs]`,
    );
  });

  test.for<[toolOutputs: unknown, message: string]>([
    ['x', '[toolOutputs] is not valid JSON'],
    [{}, '[toolOutputs] must be a list of at most 16 objects with call_id and output'],
    [
      Array.from({ length: 17 }, (_, at) => ({ call_id: `${at}`, output: '' })),
      'at most 16 objects',
    ],
    [['x'], '[toolOutputs[0].call_id] must be a string of 1 to 128 characters'],
    [[{ call_id: 'a' }], '[toolOutputs[0].output] required'],
    [[{ call_id: 'a', output: '', name: 'x' }], '[toolOutputs[0].name] is not supported'],
    [[OUTPUTS[0], OUTPUTS[0]], '[toolOutputs[1].call_id] has an output already'],
  ])('are refused by the name of the member: %o', ([toolOutputs, message]) => {
    expect(() => parse({ toolOutputs })).toThrow(message);
  });

  test('are refused without the task that they continue', () => {
    expect(() => parse({ toolOutputs: OUTPUTS, previousTaskToken: '' })).toThrow(
      '[previousTaskToken] required with [toolOutputs]',
    );
  });
});
