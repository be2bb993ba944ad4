import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readCalls } from './read-calls.ts';
import { CALL_FORMATS, type CallFormatName, writeCalls } from './tool-calls.ts';

const NAMES = Object.keys(CALL_FORMATS) as CallFormatName[];
const WEATHER = { name: 'weather', arguments: '{"city": "Paris \\"}{[", "days": [1]}' };
const TIME = { name: 'time', arguments: '{}' };

describe.for(NAMES)('in the format %s', (name) => {
  const format = CALL_FORMATS[name];
  const whole = (calls: (typeof TIME)[]) =>
    calls.map((call) => ({ type: 'call', ...call, isWhole: true }));

  test('written calls are read as they were', () => {
    const calls = [WEATHER, TIME, TIME];
    expect(readCalls(writeCalls(calls, format), format, true)).toEqual(whole(calls));
  });

  test('text before calls is text', () => {
    const text = `A look.\n${writeCalls([TIME], format)}`;
    expect(readCalls(text, format, true)).toEqual([
      { type: 'text', text: 'A look.' },
      ...whole([TIME]),
    ]);
  });

  test('at each length, a growing text has a beginning of its parts, and no syntax as text', () => {
    const raw = `Hi ${writeCalls([WEATHER, TIME], format)}`;
    for (let length = 0; length <= raw.length; length += 1) {
      const parts = readCalls(raw.slice(0, length), format, false);
      const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
      expect(texts.every((text) => text === 'H' || text === 'Hi')).toBe(true);
      const calls = parts.flatMap((part) => (part.type === 'call' ? [part] : []));
      expect(calls.slice(0, -1).every(({ isWhole }) => isWhole)).toBe(true);
      for (const [index, call] of calls.entries()) {
        const expected = [WEATHER, TIME][index] ?? TIME;
        expect(expected.name.startsWith(call.name)).toBe(true);
        expect(expected.arguments.startsWith(call.arguments)).toBe(true);
        const isWhole = call.name === expected.name && call.arguments === expected.arguments;
        expect(call.isWhole && !isWhole).toBe(false);
      }
    }
  });

  test('any text is read, stopped or not, and one without calls stays whole', () => {
    const pieces = [
      ...Object.values(format).map(String),
      '{"name": "',
      '", "',
      '}',
      '"',
      '\\',
      'x',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces)), fc.boolean(), (chosen, isStopped) => {
        const text = chosen.join('');
        const parts = readCalls(text, format, isStopped);
        const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
        const isChanged =
          isStopped && texts.length === parts.length && texts.join('') !== text.trim();
        expect(isChanged).toBe(false);
      }),
    );
  });
});

test('calls beyond the bound are left out', () => {
  const calls = Array.from({ length: 20 }, () => TIME);
  for (const format of Object.values(CALL_FORMATS)) {
    expect(readCalls(writeCalls(calls, format), format, true)).toHaveLength(16);
  }
});

test('a text may end like the start of a call if the model ended it there', () => {
  expect(readCalls('1 <', CALL_FORMATS.hermes, true)).toEqual([{ type: 'text', text: '1 <' }]);
  expect(readCalls('1 <', CALL_FORMATS.hermes, false)).toEqual([{ type: 'text', text: '1' }]);
});
