import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { isCalling, segmentsOf, segmentsSince } from './answer-segments.ts';
import { answerContent } from './answer.ts';
import { CALL_FORMATS, type CallFormatName, writeCalls } from './tool-calls.ts';
import type { NewSegment, Segment, WireFinishReason } from './wire/output-item.ts';

const NAMES = Object.keys(CALL_FORMATS) as CallFormatName[];
const PARIS = { name: 'weather', arguments: '{"city": "Paris <think>"}' };
const TIME = { name: 'time', arguments: '{}' };

describe.for(NAMES)('an answer with calls in the format %s', (format) => {
  const calls = { format, taskId: '7' };
  const written = writeCalls([PARIS, TIME], CALL_FORMATS[format]);
  const raw = `<think>Hm.</think> Let me look. ${written}`;

  test('has its texts and calls in order, with ids that follow from the task', () => {
    expect(segmentsOf(raw, 'tool_calls', calls)).toEqual([
      { type: 'thinking', text: 'Hm.' },
      { type: 'answer', text: 'Let me look.' },
      call(1, PARIS, 'completed'),
      call(2, TIME, 'completed'),
    ]);
  });

  test('has no call in the older fields, and its raw text as it was written', () => {
    expect(answerContent(raw, null, calls)).toMatchObject({
      raw,
      thinking: ['Hm.'],
      answer: ['Let me look.'],
    });
    expect(answerContent(written, null, calls).answer).toEqual([]);
  });

  test('grows: what was shown stays, and the new parts add up to each state', () => {
    for (const end of ['tool_calls', 'length'] as const) {
      let before: Segment[] = [];
      let sum: Segment[] = [];
      for (let length = 1; length <= raw.length + 1; length += 1) {
        const after = segmentsOf(raw.slice(0, length), length > raw.length ? end : null, calls);
        expect(isExtended(before, after)).toBe(true);
        sum = added(sum, segmentsSince(before, after));
        expect(sum).toEqual(after);
        before = after;
      }
    }
  });

  test('that is cut has no call in progress, and no call of which a part is missing is completed', () => {
    for (let length = 0; length < raw.length; length += 1) {
      const segments = segmentsOf(raw.slice(0, length), 'length', calls);
      for (const segment of segments.filter((one) => one.type === 'function_call')) {
        const whole = [PARIS, TIME].some(({ arguments: given }) => given === segment.arguments);
        expect(segment.status).not.toBe('in_progress');
        expect(segment.status === 'completed' && !whole).toBe(false);
      }
      expect(segments.some((one) => 'text' in one && one.text.includes('"name"'))).toBe(false);
    }
  });

  test('calls if the model ended it with whole calls', () => {
    expect(isCalling(raw, format)).toBe(true);
    expect(isCalling('Let me look.', format)).toBe(false);
    expect(isCalling(raw.slice(0, raw.lastIndexOf('{')), format)).toBe(false);
  });
});

test('of any text that grows, nothing that was shown is taken back', () => {
  const pieces = fc.constantFrom(
    '<think>',
    '</think>',
    '<',
    '<tool',
    '<tool_call>\n',
    ' ',
    'a',
    '\n',
  );
  const calls = { format: 'hermes', taskId: '7' } as const;
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (chosen) => {
      const raw = chosen.join('');
      let before: Segment[] = [];
      for (let length = 0; length <= raw.length; length += 1) {
        const after = segmentsOf(raw.slice(0, length), null, calls);
        expect(isExtended(before, after)).toBe(true);
        before = after;
      }
    }),
  );
});

test('an answer of a format that is unknown here is text', () => {
  const calls = { format: 'later' as CallFormatName, taskId: '7' };
  for (const end of [null, 'stop'] satisfies (WireFinishReason | null)[]) {
    expect(segmentsOf('<later>', end, calls)).toEqual([{ type: 'answer', text: '<later>' }]);
  }
});

function call(count: number, given: typeof TIME, status: 'completed') {
  const ids = { id: `fc_7_${count}`, call_id: `call_7_${count}` };
  return { type: 'function_call', ...ids, ...given, status } as const;
}

/** Whether each segment of `before` is in `after`, and only longer there. */
function isExtended(before: readonly Segment[], after: readonly Segment[]): boolean {
  return before.every((segment, index) => {
    const now = after[index];
    return now?.type === segment.type && textOf(now).startsWith(textOf(segment));
  });
}

function textOf(segment: Segment): string {
  return 'text' in segment ? segment.text : segment.arguments;
}

/** The sum as a client of deltas builds it. */
function added(sum: readonly Segment[], news: readonly NewSegment[]): Segment[] {
  const next = [...sum];
  for (const { index, ...segment } of news) {
    const known = next[index];
    const before = known === undefined ? '' : textOf(known);
    next[index] =
      'text' in segment
        ? { ...segment, text: before + segment.text }
        : { ...segment, arguments: before + segment.arguments };
  }
  return next;
}
