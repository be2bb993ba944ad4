import fc from 'fast-check';
import { expect, test } from 'vitest';

import { openGrammar } from '../open-grammar.ts';
import { matches } from '../testing/matches.ts';

const open = (schema: unknown) =>
  openGrammar({ kind: 'json_schema', schema: JSON.stringify(schema) }).automaton;

test('a length counts characters, as written and as escaped', () => {
  const automaton = open({ type: 'string', minLength: 2, maxLength: 3 });
  const allowed = (value: string) => matches(automaton, JSON.stringify(value));
  expect(['é🚀', '\n"\\', 'abc'].map(allowed)).toEqual([true, true, true]);
  expect(['a', 'abcd', '🚀'].map(allowed)).toEqual([false, false, false]);
  expect(matches(automaton, '"a\tb"')).toBe(false);
});

test('a number matches exactly if it is within its bounds', () => {
  const bound = fc.integer({ min: -2_000, max: 2_000 }).map((value) => value / 8);
  fc.assert(
    fc.property(
      bound,
      bound,
      fc.array(fc.integer({ min: -30_000, max: 30_000 }), { minLength: 20 }),
      (one, other, numbers) => {
        const [minimum, maximum] = [Math.min(one, other), Math.max(one, other)];
        fc.pre(Math.floor(maximum) >= Math.ceil(minimum));
        const whole = open({ type: 'integer', minimum, maximum });
        const any = open({ type: 'number', minimum, maximum });
        for (const number of [...numbers, Math.ceil(minimum) * 100, Math.floor(maximum) * 100]) {
          for (const [automaton, value, text] of [
            [whole, Math.trunc(number / 100), String(Math.trunc(number / 100))],
            [any, number / 100, (number / 100).toFixed(2)],
          ] as const) {
            if (text === '-0' || text === '-0.00') continue;
            expect([text, matches(automaton, text)]).toEqual([
              text,
              value >= minimum && value <= maximum,
            ]);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});

const SCHEMA = 'response_format.json_schema.schema';

test.each<[object, string]>([
  [{ type: 'string', pattern: '(?=a)' }, '.pattern may not use (?='],
  [{ type: 'string', pattern: '\\x01' }, '.pattern requires a character'],
  [{ type: 'integer', minimum: 5, exclusiveMaximum: 5 }, ' allows no number'],
  [{ type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 4 }, ' allows no number'],
  [{ type: 'object', properties: { a: { type: 'x' } } }, '.properties.a.type must be one of'],
  [{ $ref: '#/$defs/missing' }, '.$ref must name a schema'],
  [{ $ref: '#' }, ' refers to itself'],
  [{ anyOf: [{ type: 'null' }, { $ref: '#' }] }, ' refers to itself'],
  [
    {
      anyOf: [{ $ref: '#/$defs/a' }],
      $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } },
    },
    '.$defs.a refers to itself',
  ],
  [
    { type: 'array', items: { type: 'array', items: { $ref: '#/items' }, minItems: 1 } },
    '.items.items allows no finite text',
  ],
  [
    { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
    '.properties.a allows no finite text',
  ],
  [
    {
      type: 'object',
      properties: { list: { $ref: '#/$defs/node' } },
      $defs: {
        node: {
          type: 'object',
          properties: { next: { $ref: '#/$defs/node' } },
          required: ['next'],
        },
      },
    },
    '.$defs.node.properties.next allows no finite text',
  ],
])('%o is refused, and the error names the field', (schema, message) => {
  expect(() => open(schema)).toThrow(
    expect.objectContaining({
      name: 'GrammarError',
      message: expect.stringContaining(SCHEMA + message),
    }),
  );
});

test.each([
  ['[', ']'],
  ['{"a":', '}'],
  ['{"const":', '}'],
  ['{"default":', '}'],
])('a schema of 5,000 levels of %s is refused, and the error names the field', (open_, close) => {
  const schema = `{"type":"null","title":${open_.repeat(5_000)}1${close.repeat(5_000)}}`;
  expect(() => openGrammar({ kind: 'json_schema', schema })).toThrow('nested deeper than 100');
});

test.each<[string, object, string[], string[]]>([
  ['a list without items', { type: 'array', items: false }, ['[]'], ['[1]']],
  ['no prefix', { type: 'array', prefixItems: [], minItems: 1 }, ['[1]', '["a", 2]'], ['[]']],
  [
    'a prefix that may end early',
    {
      type: 'array',
      prefixItems: [{ const: 1 }, { const: 2 }, { const: 3 }],
      minItems: 1,
      maxItems: 2,
    },
    ['[1]', '[1, 2]'],
    ['[]', '[1, 2, 3]', '[2]'],
  ],
  [
    'more than its prefix',
    { type: 'array', prefixItems: [{ const: 1 }], items: { const: 2 }, minItems: 2, maxItems: 3 },
    ['[1, 2]', '[1, 2, 2]'],
    ['[1]', '[1, 2, 2, 2]', '[1, 1]'],
  ],
  [
    'a list that holds itself',
    { type: 'array', items: { $ref: '#' }, maxItems: 2 },
    ['[]', '[[], [[]]]'],
    ['[[], [], []]', '[1]'],
  ],
  [
    'a name that JavaScript defines on every object',
    {
      type: 'object',
      properties: JSON.parse('{"__proto__":{"const":1}}'),
      required: ['__proto__'],
    },
    ['{"__proto__": 1}'],
    ['{}'],
  ],
])('%s', (_, schema, inside, outside) => {
  const automaton = open(schema);
  for (const text of inside) expect([text, matches(automaton, text)]).toEqual([text, true]);
  for (const text of outside) expect([text, matches(automaton, text)]).toEqual([text, false]);
});

test('a class of thousands of characters, repeated thousands of times, costs only its size', () => {
  const excluded = Array.from({ length: 7_000 }, (_, at) => String.fromCodePoint(0x4e00 + 2 * at));
  const schema = { type: 'string', pattern: `[^${excluded.join('')}]{1,9999}` };
  const { automaton, steps } = openGrammar({ kind: 'json_schema', schema: JSON.stringify(schema) });
  expect(steps).toBeLessThan(100_000);
  const [inside, outside] = ['\u4e01', '\u4e02'];
  expect(matches(automaton, `"${inside.repeat(9_999)}"`)).toBe(true);
  expect(matches(automaton, `"${inside.repeat(10_000)}"`)).toBe(false);
  expect(matches(automaton, `"${inside}${outside}"`)).toBe(false);
});

test.each<[string, object]>([
  [
    'numbers between bounds',
    { type: 'number', minimum: -123_456_789.123, maximum: 987_654_321.77 },
  ],
  [
    'patterns',
    { type: 'string', pattern: '[^\\u4e00-\\u4e0f\\u4e20\\u4e30\\u4e40]{1,9999}'.repeat(12) },
  ],
  ['dates', { type: 'string', format: 'date-time' }],
])(
  'too many %s are refused, and the error names the field where the limit was reached',
  (_, item) => {
    const schema = { type: 'array', prefixItems: Array.from({ length: 400 }, () => item) };
    expect(() => open(schema)).toThrow(
      /^response_format\.json_schema\.schema(\.prefixItems\.\d+(\.pattern|\.format)?)? takes more than [\d,]+ steps to read/u,
    );
  },
);
