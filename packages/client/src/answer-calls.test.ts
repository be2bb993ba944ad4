import type { RawOutput } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { answerCalls, callsOf } from './answer-calls.ts';

const call = (count: number) =>
  ({
    type: 'function_call',
    id: `fc_7_${count}`,
    call_id: `call_7_${count}`,
    name: 'double',
    arguments: `{"of": ${count}}`,
    status: 'completed',
  }) as const;

const ended = (finishreason: 'stop' | 'tool_calls' | 'length') => ({
  socketaccesstoken: 'T',
  parameters: { session_id: 's', user_id: 'ann', prompt: 'Hi' },
  outputs: [
    {
      contenttype: 'raw',
      content: {
        prompt: 'Hi',
        raw: '',
        thinking: [],
        answer: [],
        segments: [{ type: 'answer', text: 'A look.' }, call(1), call(2)],
        finishreason,
      },
    } satisfies RawOutput,
  ],
});

test('each call is executed, and its output continues the task', async () => {
  const next = await answerCalls(ended('tool_calls'), async ({ arguments: given }) => {
    const { of } = JSON.parse(given) as { of: number };
    return of === 1 ? undefined : { doubled: of * 2 };
  });
  expect(next).toEqual({
    session_id: 's',
    user_id: 'ann',
    previousTaskToken: 'T',
    toolOutputs: [
      { call_id: 'call_7_1', output: null },
      { call_id: 'call_7_2', output: { doubled: 4 } },
    ],
  });
});

test('no call of an answer that was cut is executed, however whole it is', async () => {
  for (const task of [ended('length'), ended('stop'), { ...ended('stop'), outputs: [] }]) {
    expect(callsOf(task)).toEqual([]);
    const executed = answerCalls(task, () => {
      throw new Error('Executed.');
    });
    await expect(executed).resolves.toBeNull();
  }
});
