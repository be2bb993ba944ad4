/** Calls of tools as the clients of a socket see them. */
import { segmentsAfter } from '@runfleet/client';
import { stageEvents, stageTask } from '@runfleet/events/testing';
import {
  answerEnd,
  CALL_FORMATS,
  type NewTaskEvent,
  type Segment,
  type TaskFrame,
  writeCalls,
} from '@runfleet/protocol';
import { describe, expect } from 'vitest';

import { TestClient, testWithGateway as test } from './testing.ts';

const WEATHER = { name: 'weather', arguments: '{"city": "Paris"}' };
const TIME = { name: 'time', arguments: '{}' };
const RAW = `Let me look.\n${writeCalls([WEATHER, TIME], CALL_FORMATS.hermes)}`;
const END = answerEnd({
  finishReason: 'tool_calls',
  promptTokens: 3,
  cachedTokens: 0,
  completionTokens: 9,
  thinkingTokens: 0,
});
const QUEUED: NewTaskEvent = { type: 'task_queue', payload: null };
/** Pieces of a few characters, which cut marks, names and arguments. */
const PIECES = RAW.match(/[^]{1,7}/g) ?? [];

function outputs(pieces: readonly string[], isEnded = false): NewTaskEvent[] {
  return pieces.map((raw, index) => ({
    type: 'task_output',
    payload: {
      raw,
      tokens: index + 1,
      elapsedMs: index,
      calls: 'hermes',
      ...(isEnded && index === pieces.length - 1 && { end: END }),
    },
  }));
}

const ENDING: readonly NewTaskEvent[] = [
  { type: 'task_output_full', payload: { raw: RAW, calls: 'hermes', end: END } },
  {
    type: 'task_postprocess_end',
    payload: {
      outputs: [
        {
          contenttype: 'raw',
          content: {
            prompt: 'Hi',
            raw: RAW,
            thinking: [],
            answer: ['Let me look.'],
            calls: 'hermes',
            ...END,
          },
        },
      ],
      pexit: '0',
    },
  },
];

const segmentsOf = (taskId: string): Segment[] => [
  { type: 'answer', text: 'Let me look.' },
  ...[WEATHER, TIME].map((call, index) => ({
    type: 'function_call' as const,
    id: `fc_${taskId}_${index + 1}`,
    call_id: `call_${taskId}_${index + 1}`,
    ...call,
    status: 'completed' as const,
  })),
];

/** The segments after each frame, as the client of a package keeps them. */
function followed(frames: readonly TaskFrame[]): Segment[][] {
  const states: Segment[][] = [];
  for (const frame of frames) states.push(segmentsAfter(states.at(-1) ?? [], frame));
  return states;
}

const isOutput = ({ type }: TaskFrame) => type === 'task_output';

describe('the calls of a run', () => {
  test.for([{}, { mode: 'delta' }, { mode: 'delta', after: 0 }, { after: 0 }])(
    'are the same segments in every frame, with the options %o',
    async (options, { db, gateway }) => {
      const task = await stageTask({ db });
      await stageEvents({ db }, task, [QUEUED, ...outputs(PIECES, true), ...ENDING]);
      await using client = await TestClient.watching(gateway, {
        tasktoken: task.token,
        ...options,
      });
      await client.untilType('task_postprocess_end');

      const expected = segmentsOf(task.id);
      const last = client.taskFrames.findLast(isOutput);
      expect(last?.message).toMatchObject(END);
      const upToOutput = client.taskFrames.filter(({ type }) => type !== 'task_output_full');
      expect(followed(upToOutput).at(-1)).toEqual(expected);
      const [full, end] = client.taskFrames.slice(-2);
      expect(full?.message).toEqual({
        raw: RAW,
        thinking: [],
        answer: ['Let me look.'],
        segments: expected,
        ...END,
      });
      expect(end?.message).toMatchObject([{ content: { segments: expected, ...END } }]);
      expect(JSON.stringify(end)).not.toContain('hermes');
    },
  );

  test('grow in delta frames, and never have the syntax of a call as text', async ({
    db,
    gateway,
  }) => {
    const task = await stageTask({ db });
    const request = { tasktoken: task.token, mode: 'delta' };
    await using client = await TestClient.watching(gateway, request);
    await stageEvents({ db }, task, [QUEUED, ...outputs(PIECES, true), ...ENDING]);
    await client.untilType('task_postprocess_end');

    const states = followed(client.taskFrames.filter(isOutput));
    expect(states.length).toBeGreaterThan(10);
    for (const state of states) {
      for (const segment of state) {
        const isText = segment.type === 'answer';
        const given = isText ? segment.text : 'arguments' in segment ? segment.arguments : '';
        const whole = isText ? ['Let me look.'] : [WEATHER.arguments, TIME.arguments];
        expect(whole.some((one) => one.startsWith(given))).toBe(true);
      }
    }
    const statuses = states.map((state) =>
      state.flatMap((one) => ('status' in one ? one.status : [])),
    );
    expect(statuses).toContainEqual(['in_progress']);
    expect(statuses).toContainEqual(['completed', 'in_progress']);
  });

  test('are resumed in the middle of an argument', async ({ db, gateway }) => {
    const task = await stageTask({ db });
    const events = await stageEvents({ db }, task, [QUEUED, ...outputs(PIECES, true), ...ENDING]);
    await using all = await TestClient.watching(gateway, { tasktoken: task.token, mode: 'delta' });
    await all.untilType('task_postprocess_end');
    const middle = Math.floor(events.length / 2);
    const rest = { tasktoken: task.token, mode: 'delta', after: middle };
    await using resumed = await TestClient.watching(gateway, rest);
    await resumed.untilType('task_postprocess_end');

    const before = all.taskFrames.filter(({ seq = 0 }) => seq <= middle);
    const frames = [...before, ...resumed.taskFrames].filter(isOutput);
    expect(followed(frames).at(-1)).toEqual(segmentsOf(task.id));
  });

  test.for([{}, { mode: 'delta' }])(
    'start over after a requeue, with the same ids, with the options %o',
    async (options, { db, gateway }) => {
      const task = await stageTask({ db });
      await using client = await TestClient.watching(gateway, {
        tasktoken: task.token,
        ...options,
      });
      const lost: NewTaskEvent = { type: 'task_queue', payload: { reason: 'lost' } };
      await stageEvents({ db }, task, [QUEUED, ...outputs(PIECES.slice(0, -9))]);
      await client.untilType('task_output');
      await stageEvents({ db }, task, [lost, ...outputs(PIECES, true), ...ENDING], 1);
      await client.untilType('task_postprocess_end');

      const isRequeue = ({ type }: TaskFrame) => type === 'task_queue';
      const states = followed(client.taskFrames);
      const at = client.taskFrames.findLastIndex(isRequeue);
      expect(at).toBeGreaterThan(0);
      expect(states[at]).toEqual([]);
      expect(states.at(-1)).toEqual(segmentsOf(task.id));
      const ids = states.flat().flatMap((one) => ('call_id' in one ? one.call_id : []));
      expect(new Set(ids)).toEqual(new Set([`call_${task.id}_1`, `call_${task.id}_2`]));
    },
  );

  test('of a killed task are never completed after its end', async ({ db, gateway }) => {
    const task = await stageTask({ db });
    const killed: NewTaskEvent = { type: 'task_cancel', payload: { reason: 'killed' } };
    await stageEvents({ db }, task, [QUEUED, ...outputs(PIECES.slice(0, 10)), killed]);
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    await client.untilType('task_cancel');
    const calls = followed(client.taskFrames).at(-1) ?? [];
    expect(calls.flatMap((one) => ('status' in one ? one.status : []))).toEqual(['in_progress']);
    const reasons = client.taskFrames.filter((frame) => JSON.stringify(frame).includes('finishr'));
    expect(reasons).toEqual([]);
  });
});
