import type { TaskEvent } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { channelOf, databaseOf, decodeNotice, encodeNotice } from './notice.ts';

const EVENT: TaskEvent = {
  taskId: '7',
  seq: 3,
  epoch: 1,
  at: 1_795_409_284_024_123n,
  type: 'task_output',
  payload: { raw: 'Hi \u{1F44B}', tokens: 1, elapsedMs: 20 },
};

test('small events are part of the notice', () => {
  const events: [TaskEvent, TaskEvent] = [EVENT, { ...EVENT, seq: 4 }];
  expect(decodeNotice(encodeNotice(events))).toEqual({ taskId: '7', seq: 4, events });
});

test.each([
  [
    'a long text',
    [EVENT, { ...EVENT, seq: 4, payload: { ...EVENT.payload, raw: 'x'.repeat(5_000) } }],
  ],
  ['many events', Array.from({ length: 50 }, (_, index) => ({ ...EVENT, seq: index + 1 }))],
] as const)('of %s the notice has only the last seq', (_, events) => {
  const notice = encodeNotice(events as unknown as [TaskEvent]);
  expect(notice.length).toBeLessThan(100);
  expect(decodeNotice(notice)).toEqual({ taskId: '7', seq: events.at(-1)?.seq, events: [] });
});

test.each([
  '',
  'hello',
  'null',
  '[]',
  '{}',
  '{"taskId":7,"seq":1}',
  '{"taskId":"7","seq":"1"}',
  '{"taskId":"7","seq":1,"events":[null]}',
])('a message that is not a notice is ignored: %s', (text) => {
  expect(decodeNotice(text)).toBeNull();
});

test('each database of a Redis has its own channels', () => {
  expect(channelOf(databaseOf('redis://:secret@host:6379/3'), '7')).toBe('3:task:7');
  expect(databaseOf('redis://host:6379')).toBe(databaseOf('redis://host:6379/0'));
});
