import { expect, test } from 'vitest';

import { parseJsonBody } from './parse-json-body.ts';

const parse = (text: string) => parseJsonBody(Buffer.from(text));
const MEGABYTE = 1_000_000;

test.each([
  ['', {}],
  ['{}', {}],
  ['\uFEFF{"a":1}', { a: 1 }],
  ['{"a":1,"a":2}', { a: 2 }],
  ['{"a":"\\ud83d\\ude80 \\\\ \\" , [ {"}', { a: '🚀 \\ " , [ {' }],
  [`{"a":${'['.repeat(31)}${']'.repeat(31)}}`, { a: JSON.parse('['.repeat(31) + ']'.repeat(31)) }],
])('%s is read', (text, value) => {
  expect(parse(text)).toEqual(value);
});

test('a parameter named __proto__ is a parameter and does not change the prototype', () => {
  const body = parse('{"__proto__":{"limit":"1"},"constructor":2}');
  expect(Object.keys(body)).toEqual(['__proto__', 'constructor']);
  expect(body['limit']).toBeUndefined();
  expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
});

test.each([
  ['[1]', 'must be a JSON object'],
  ['null', 'must be a JSON object'],
  ['{"a":', 'is not valid JSON'],
  ['{"a":"\\u00"}', 'is not valid JSON'],
  ['{"a":"\\u00', 'is not valid JSON'],
  ['{"a":"\u0000"}', 'is not valid JSON'],
  [`{"a":${'['.repeat(32)}${']'.repeat(32)}}`, 'deeper than 32 levels'],
  [`{"a":${'{"a":'.repeat(32)}1${'}'.repeat(32)}}`, 'deeper than 32 levels'],
  [`{"a":[${'1,'.repeat(20_000)}1]}`, 'more than 20000 values'],
  ['{"a":1e999}', 'a number that is too large'],
  ['{"a":[{"b":-1e999}]}', 'a number that is too large'],
])('%.60s is refused', (text, problem) => {
  expect(() => parse(text)).toThrow(problem);
});

test('bytes that are not UTF-8 are refused', () => {
  expect(() => parseJsonBody(Buffer.from([0x7b, 0xff, 0x7d]))).toThrow('not valid UTF-8');
});

test.each([
  ['depth', `{"a":${'['.repeat(MEGABYTE)}`],
  ['empty lists', `{"a":[${'[],'.repeat(MEGABYTE / 3)}0]}`],
  ['empty objects', `{"a":[${'{},'.repeat(MEGABYTE / 3)}0]}`],
  ['names', `{${Array.from({ length: 80_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
  ['objects', `{"a":[${Array.from({ length: 80_000 }, (_, n) => `{"k${n}":1}`).join(',')}]}`],
  ['digits', `{"a":${'1'.repeat(MEGABYTE)}}`],
  ['escapes', `{"a":"${'\\u0041'.repeat(MEGABYTE / 6)}"}`],
  ['backslashes', `{"a":"${'\\\\'.repeat(MEGABYTE / 2)}"}`],
  ['quotes', `{"a":[${'"",'.repeat(MEGABYTE / 3)}0]}`],
])('a megabyte of %s blocks the process about as long as a megabyte of letters', (_, text) => {
  const plain = `{"a":"${'x'.repeat(MEGABYTE)}"}`;
  const slowestMs = fastestOf(() => tryParse(text));
  // Letters are copied at memory speed; each byte of the other texts may cost a few steps more.
  expect(slowestMs).toBeLessThan(
    40 *
      Math.max(
        1,
        fastestOf(() => tryParse(plain)),
      ),
  );
});

function tryParse(text: string): void {
  try {
    parse(text);
  } catch {
    // Refusing it in time is fine, too.
  }
}

function fastestOf(act: () => void): number {
  const tries = Array.from({ length: 5 }, () => {
    const startedMs = performance.now();
    act();
    return performance.now() - startedMs;
  });
  return Math.min(...tries);
}
