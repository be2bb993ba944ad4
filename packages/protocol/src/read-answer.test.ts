import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readAnswer } from './read-answer.ts';
import { CALL_FORMATS, type CallFormatName, writeCalls } from './tool-calls.ts';

const NAMES = Object.keys(CALL_FORMATS) as CallFormatName[];
const WEATHER = { name: 'weather', arguments: '{"city": "Paris \\"}{[ <think>", "days": [1]}' };
const TIME = { name: 'time', arguments: '{}' };

describe.for(NAMES)('in the format %s', (name) => {
  const format = CALL_FORMATS[name];

  test('written calls are read as they were', () => {
    const calls = [WEATHER, TIME, TIME];
    const read = readAnswer(writeCalls(calls, format), format);
    expect(read).toEqual(calls.map((call) => ({ type: 'call', ...call, isWhole: true })));
  });

  test('text and thinking around calls are texts', () => {
    const written = writeCalls([TIME], format);
    expect(readAnswer(`<think>${written}</think>A look.\n${written}`, format)).toMatchObject([
      { type: 'thinking', text: written },
      { type: 'text', text: 'A look.' },
      { type: 'call', ...TIME },
    ]);
  });

  test('any text is read, and one without calls and thinking keeps all but spaces', () => {
    const marks = [...Object.values(format).map(String), '{"name": "', '", "', '}', '"', '\\', 'x'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...marks)), (chosen) => {
        const text = chosen.join('');
        const parts = readAnswer(text, format);
        const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
        const isChanged = texts.length === parts.length && bare(texts.join('')) !== bare(text);
        expect(isChanged).toBe(false);
      }),
    );
  });

  test('calls beyond the bound are left out', () => {
    const calls = Array.from({ length: 20 }, () => TIME);
    expect(readAnswer(writeCalls(calls, format), format)).toHaveLength(16);
  });
});

function bare(text: string): string {
  return text.replaceAll(/\s/g, '');
}
