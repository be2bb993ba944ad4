import type { TaskFrame } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { applyFrames, isOver, NO_RUN } from './run-state.ts';
import { viewTask } from './task-view.ts';

const frame = (seq: number, type: TaskFrame['type'], message: TaskFrame['message'] = null) =>
  ({ type, id: '1', tasktoken: 'T', message, result: true, seq, epoch: 1 }) as TaskFrame;
const delta = (seq: number, raw: string) => frame(seq, 'task_output', { type: 'delta', raw });

test('deltas add up to the answer', () => {
  const state = applyFrames(
    NO_RUN,
    [frame(1, 'task_queue'), delta(2, 'Hel'), delta(3, 'lo')],
    1000,
  );
  expect(state).toMatchObject({ status: 'task_queue', text: 'Hello', seq: 3 });
});

test('a repeated frame changes nothing', () => {
  const once = applyFrames(NO_RUN, [frame(1, 'task_start'), delta(2, 'Hello')], 1000);
  expect(applyFrames(once, [delta(2, 'Hello'), frame(1, 'task_start')], 2000)).toBe(once);
});

test('a requeue drops the text, and the next attempt writes it again', () => {
  const lost = applyFrames(
    NO_RUN,
    [frame(1, 'task_queue'), frame(2, 'task_assign'), delta(3, 'Hel'), frame(4, 'task_queue')],
    1000,
  );
  expect(lost).toMatchObject({ text: '', requeues: 1, status: 'task_queue' });
  expect(applyFrames(lost, [delta(5, 'Hello')], 2000).text).toBe('Hello');
});

test('the full output replaces what was streamed', () => {
  const state = applyFrames(
    NO_RUN,
    [
      delta(1, 'Hel'),
      frame(2, 'task_output_full', { raw: 'Hello', thinking: [], answer: [], segments: [] }),
    ],
    1000,
  );
  expect(state.text).toBe('Hello');
});

test('calls grow with the deltas of a run with tools, and start over with it', () => {
  const call = { type: 'function_call', id: 'f', call_id: 'c', name: 'time' } as const;
  const grown = (seq: number, news: string, status: 'in_progress' | 'completed') =>
    frame(seq, 'task_output', {
      type: 'delta',
      raw: news,
      segments: [{ index: 0, ...call, arguments: news, status }],
    });
  const frames = [frame(1, 'task_start'), grown(2, '{', 'in_progress'), grown(3, '}', 'completed')];
  const state = applyFrames(NO_RUN, frames, 1000);
  expect(state.segments).toEqual([{ ...call, arguments: '{}', status: 'completed' }]);
  expect(viewTask(null, state)).toMatchObject({ text: '{}', prose: '', calls: state.segments });
  expect(applyFrames(state, [frame(4, 'task_queue')], 1000).segments).toEqual([]);
});

test('the prose of a run with tools never has the marks of a call that is being written', () => {
  const call = { type: 'function_call', id: 'f', call_id: 'c', name: 'time' } as const;
  const grown = (seq: number, raw: string, segments: object[]) =>
    frame(seq, 'task_output', { type: 'delta', raw, segments } as TaskFrame['message']);
  const proseAfter = (frames: TaskFrame[]) => viewTask(null, applyFrames(NO_RUN, frames, 0)).prose;
  const begun = grown(1, '<tool_call>\n{"name": "time", ', []);
  expect(proseAfter([begun])).toBe('');
  const text = grown(1, 'Let me look.\n<tool_', [
    { index: 0, type: 'answer', text: 'Let me look.' },
  ]);
  const marks = grown(2, 'call>\n{"name": "time", ', []);
  const whole = grown(3, '"arguments": {}}\n</tool_call>', [
    { index: 1, ...call, arguments: '{}', status: 'completed' },
  ]);
  for (const count of [1, 2, 3]) {
    expect(proseAfter([text, marks, whole].slice(0, count))).toBe('Let me look.');
  }
  expect(proseAfter([delta(1, 'Plain <tool_call> text')])).toBe('Plain <tool_call> text');
});

test('a cumulative frame replaces the last', () => {
  const cumulative = (seq: number, raw: string) =>
    frame(seq, 'task_output', {
      type: 'progressGenerate',
      task: 'Generate',
      raw,
      thinking: [],
      answer: [raw],
      segments: [{ type: 'answer', text: raw }],
      isThinking: false,
      speed: '1.0',
      speedType: 't/s',
      elapsedTime: '0s',
    });
  expect(applyFrames(NO_RUN, [cumulative(1, 'Hel'), cumulative(2, 'Hello')], 1000).text).toBe(
    'Hello',
  );
});

test('a run is over when it has ended or was stopped, and not before', () => {
  const over = (type: TaskFrame['type']) => isOver(applyFrames(NO_RUN, [frame(1, type)], 0));
  expect(over('task_postprocess_end')).toBe(true);
  expect(over('task_cancel')).toBe(true);
  expect(over('task_end')).toBe(false);
  expect(isOver(applyFrames(NO_RUN, [delta(1, 'Hi')], 0))).toBe(false);
});
