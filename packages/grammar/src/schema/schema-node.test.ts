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
  [{ type: 'integer', minimum: 5, exclusiveMaximum: 5 }, ' allows no finite text'],
  [{ type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 4 }, ' allows no finite text'],
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
    {
      type: 'array',
      items: { type: 'array', items: { $ref: '#/items' }, minItems: 1 },
      minItems: 1,
    },
    '.items.items allows no finite text',
  ],
  [
    {
      allOf: [{ type: 'array', minItems: 1 }, { items: { type: 'null' } }],
      items: { type: 'string' },
    },
    '.items allows no finite text',
  ],
  [{ not: {} }, ' allows no finite text'],
  [{ oneOf: [{ minLength: 1 }, { minLength: 1 }] }, ' allows no finite text'],
  [{ const: 1, type: 'string' }, ' allows no finite text'],
  [{ type: 'array', items: false, minItems: 1 }, ' allows no finite text'],
  [{ type: 'string', not: { format: 'date' } }, '.not.format has no exact opposite'],
  [{ type: 'array', uniqueItems: true }, '.uniqueItems needs items from a list of values'],
  [
    { type: 'object', properties: { a: true }, minProperties: 3 },
    '.minProperties must not exceed 2',
  ],
  [
    {
      oneOf: [
        { type: 'object', additionalProperties: { type: 'null' } },
        { type: 'object', additionalProperties: { type: 'string' } },
      ],
    },
    '.oneOf has alternatives 0 and 1 that may both hold',
  ],
  [{ type: 'string', pattern: '^a', allOf: [{ pattern: '^c' }] }, ' allows no finite text'],
  [
    { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
    '.properties.a allows no finite text',
  ],
  [
    {
      type: 'object',
      properties: { list: { $ref: '#/$defs/node' } },
      required: ['list'],
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
  [
    'alternatives by a property',
    {
      oneOf: [
        {
          type: 'object',
          properties: { kind: { const: 'a' }, x: { type: 'null' } },
          required: ['kind'],
        },
        {
          type: 'object',
          properties: { kind: { const: 'b' }, y: { $ref: '#' } },
          required: ['kind'],
        },
      ],
    },
    ['{"kind": "a", "x": null}', '{"kind": "b", "y": {"kind": "a"}}'],
    ['{"kind": "a", "y": null}', '{"kind": "c"}'],
  ],
  [
    'exactly one of alternatives that overlap',
    {
      oneOf: [
        { type: 'integer', multipleOf: 3 },
        { type: 'integer', multipleOf: 5 },
      ],
    },
    ['3', '5', '-9', '25'],
    ['15', '0', '-30', '7'],
  ],
  [
    'merged objects',
    {
      allOf: [
        { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
        { properties: { a: { minimum: 5 }, b: { const: true } } },
      ],
    },
    ['{"a": 5}', '{"a": 12, "b": true}'],
    ['{"a": 4}', '{}', '{"a": 5, "b": false}'],
  ],
  [
    'a pattern beside lengths',
    { type: 'string', pattern: '[a-z]+(-[a-z]+)*', minLength: 3, maxLength: 5 },
    ['"abc"', '"a-b-c"'],
    ['"ab"', '"a-bcde"', '"a--b"'],
  ],
  [
    'patterns that occur in one text',
    { allOf: [{ type: 'string', pattern: '^a' }, { pattern: 'b$' }] },
    ['"ab"', '"a \\"b"'],
    ['"a"', '"ba"'],
  ],
  [
    'a list of different values in any order',
    { type: 'array', items: { enum: ['a', 'b', 1] }, uniqueItems: true, minItems: 1 },
    ['["b", "a"]', '[1, "b", "a"]'],
    ['["a", "a"]', '[]', '["a", "b", 1, "a"]'],
  ],
  [
    'different values of a long list in its order',
    {
      type: 'array',
      items: { enum: Array.from({ length: 30 }, (_, at) => at) },
      uniqueItems: true,
      minItems: 2,
      maxItems: 3,
    },
    ['[0, 29]', '[3, 4, 5]'],
    ['[1]', '[1, 1]', '[1, 2, 3, 4]'],
  ],
  [
    'properties by their names',
    {
      type: 'object',
      properties: { id: { type: 'integer' } },
      patternProperties: { '^x-': { type: 'string' }, y$: { const: 'y' } },
      additionalProperties: false,
    },
    ['{"id": 1, "x-a": "b"}', '{"x-y": "y", "y": "y"}', '{}'],
    ['{"x-y": "b"}', '{"a": 1}', '{"id": 1, "id": "x"}'],
  ],
  [
    'names of properties',
    {
      type: 'object',
      propertyNames: { pattern: '^[a-c]{2}$' },
      additionalProperties: { type: 'integer' },
      minProperties: 1,
      maxProperties: 2,
    },
    ['{"ab": 1}', '{"ab": 1, "cc": 2}'],
    ['{}', '{"abc": 1}', '{"aa": 1, "ab": 2, "ac": 3}'],
  ],
  [
    'a number of properties',
    {
      type: 'object',
      properties: { a: { const: 1 }, b: { const: 2 }, c: { const: 3 } },
      minProperties: 2,
      maxProperties: 2,
    },
    ['{"a": 1, "c": 3}', '{"b": 2, "c": 3}'],
    ['{"a": 1}', '{"a": 1, "b": 2, "c": 3}'],
  ],
  [
    'multiples',
    { type: 'number', multipleOf: 0.25, minimum: -1, maximum: 1 },
    ['-0.75', '0.5', '1', '0.50'],
    ['0.3', '1.25'],
  ],
  [
    'multiples of a large number',
    { type: 'integer', multipleOf: 1_000_000, minimum: 0 },
    ['0', '3000000'],
    ['1', '1000', '1500000'],
  ],
  [
    'what is not a string of a list',
    { type: 'string', not: { enum: ['a', 'ab'] }, maxLength: 2 },
    ['""', '"b"', '"ac"'],
    ['"a"', '"ab"'],
  ],
  [
    'what is needed if a property is there',
    {
      type: 'object',
      properties: { a: { type: 'null' }, b: { type: 'null' } },
      dependentRequired: { a: ['b'] },
    },
    ['{}', '{"b": null}', '{"a": null, "b": null}'],
    ['{"a": null}'],
  ],
  [
    'two alternatives by a condition',
    {
      type: 'object',
      properties: { kind: { enum: ['a', 'b'] }, n: { type: 'integer' } },
      required: ['kind'],
      if: { properties: { kind: { const: 'a' } } },
      // oxlint-disable-next-line unicorn/no-thenable -- A keyword of JSON Schema; nothing awaits it.
      then: { required: ['n'] },
    },
    ['{"kind": "b"}', '{"kind": "a", "n": 1}'],
    ['{"kind": "a"}'],
  ],
  [
    'a list that contains what it must',
    { type: 'array', items: { type: 'integer' }, contains: { minimum: 10 }, maxContains: 2 },
    ['[1, 10]', '[10, 11, 2]'],
    ['[1]', '[10, 11, 12]', '[]'],
  ],
  ['an address', { type: 'string', format: 'ipv4' }, ['"10.0.255.1"'], ['"256.0.0.1"', '"1.2.3"']],
  [
    'an option that nothing can fulfil',
    { anyOf: [{ type: 'integer', minimum: 2, exclusiveMaximum: 2 }, { const: 'x' }] },
    ['"x"'],
    ['2'],
  ],
])('%s', (_, schema, inside, outside) => {
  const automaton = open(schema);
  for (const text of inside) expect([text, matches(automaton, text)]).toEqual([text, true]);
  for (const text of outside) expect([text, matches(automaton, text)]).toEqual([text, false]);
});

test('5,000 values are told apart from their first characters on', () => {
  const values = Array.from({ length: 5_000 }, (_, at) => `value ${(at * 7_919) % 100_000}`);
  const automaton = open({ enum: values });
  for (const value of values.slice(0, 50)) {
    expect(matches(automaton, JSON.stringify(value))).toBe(true);
    expect(matches(automaton, JSON.stringify(`${value}x`))).toBe(false);
  }
});

test('a whole number of any length keeps its digits', () => {
  const big = '123456789012345678901234567890';
  const schema = `{"enum":[${big},"1234567890123456789",{"a":-${big}},0.1234567890123456789]}`;
  const { automaton } = openGrammar({ kind: 'json_schema', schema });
  for (const text of [big, '"1234567890123456789"', `{"a": -${big}}`]) {
    expect([text, matches(automaton, text)]).toEqual([text, true]);
  }
  expect(matches(automaton, String(Number(big)))).toBe(false);
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
