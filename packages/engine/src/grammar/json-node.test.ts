import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { buildTokenizer } from '../builder/build-tokenizer.ts';
import type { OutputGrammar } from '../engine.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { matches } from '../testing/matches.ts';
import { Detokenizer } from '../text/detokenizer.ts';
import { GrammarPath } from './grammar-path.ts';
import { Grammars } from './grammars.ts';
import { openAutomaton } from './open-automaton.ts';

const { tokenizer, idOf } = buildTokenizer(1088);
const stopIds = new Set([idOf('<|end|>')]);
const grammars = new Grammars({ tokenizer, stopIds });

const of = (schema: unknown): OutputGrammar => ({
  kind: 'json_schema',
  schema: JSON.stringify(schema),
});
const isValid = (schema: object) =>
  new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

/** An answer of tokens drawn from what the masks allow; an end is taken when it may come, one time in four. */
function randomAnswer(
  grammar: OutputGrammar,
  random: SeededRandom,
  tokensMax = 400,
): string | undefined {
  const path = new GrammarPath(grammars.open(grammar));
  const detokenizer = new Detokenizer(tokenizer);
  let text = '';
  for (let tokens = 0; tokens < tokensMax; tokens += 1) {
    const mask = path.mask();
    const ids = Array.from({ length: tokenizer.idCount }, (_, id) => id).filter(
      (id) => (((mask[id >> 5] ?? 0) >>> (id & 31)) & 1) === 1,
    );
    expect(ids.length).toBeGreaterThan(0);
    const words = ids.filter((id) => !stopIds.has(id));
    const mayEnd = words.length < ids.length;
    if (words.length === 0 || (mayEnd && random.nextUint32() % 4 === 0))
      return text + detokenizer.end();
    // What closes something is taken more often, or strings and lists would seldom end.
    const closing = words.filter((id) => /^["\]},0-9]+$/u.test(tokenizer.textOf(id)));
    const choices = closing.length > 0 && random.nextUint32() % 2 === 0 ? closing : words;
    const id = choices[random.nextUint32() % choices.length] ?? 0;
    path.take(tokenizer.bytesOf(id));
    text += detokenizer.next(id);
  }
  return undefined;
}

const PERSON = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 12 },
    age: { type: 'integer', minimum: 0, maximum: 150 },
    email: { anyOf: [{ type: 'string', format: 'email' }, { type: 'null' }] },
    tags: { type: 'array', items: { enum: ['a "quoted" one', 'b', 3, null] }, maxItems: 3 },
    zip: { type: 'string', pattern: '^\\d{5}(-[A-Z]{2})?$' },
  },
  required: ['name', 'age', 'tags'],
  additionalProperties: false,
};
const TREE = {
  type: 'object',
  properties: {
    value: { type: ['number', 'boolean'] },
    children: { type: 'array', items: { $ref: '#' }, maxItems: 2 },
  },
  required: ['value'],
};

test.each<[string, object]>([
  ['a person', PERSON],
  ['a tree', TREE],
  [
    'numbers between bounds',
    {
      type: 'array',
      items: { type: 'number', minimum: -12.5, exclusiveMaximum: 3.25 },
      minItems: 2,
      maxItems: 4,
    },
  ],
  ['numbers between 0 and 1', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }],
  ['whole numbers with bounds', { type: 'integer', exclusiveMinimum: -1000, maximum: 99_999 }],
  [
    'patterns that hold quotes and line ends',
    { type: 'string', pattern: '["\\\\\\s.]{1,6}[^a-z]' },
  ],
  [
    'a tuple',
    {
      type: 'array',
      prefixItems: [{ type: 'integer' }, { const: { a: [1] } }],
      items: { type: 'null' },
      minItems: 1,
      maxItems: 4,
    },
  ],
  ['a map', { type: 'object', additionalProperties: { type: 'boolean' } }],
  ['dates', { type: 'string', format: 'date-time' }],
  [
    'definitions',
    { anyOf: [{ $ref: '#/$defs/x' }, { type: 'null' }], $defs: { x: { enum: ['é', '🚀'] } } },
  ],
  ['anything', {}],
])('every answer under a schema of %s is valid', (name, schema) => {
  const validate = isValid(schema);
  const random = new SeededRandom(21n);
  let finished = 0;
  for (let round = 0; round < 60; round += 1) {
    const text = randomAnswer(of(schema), random);
    if (text === undefined) continue;
    finished += 1;
    expect([name, text, validate(JSON.parse(text))]).toEqual([name, text, true]);
  }
  expect(finished).toBeGreaterThan(20);
});

test('json alone is an object or a list', () => {
  const random = new SeededRandom(22n);
  const answers = Array.from({ length: 40 }, () => randomAnswer({ kind: 'json' }, random));
  const values = answers.flatMap((text): unknown[] =>
    text === undefined ? [] : [JSON.parse(text)],
  );
  expect(values.length).toBeGreaterThan(20);
  expect(new Set(values.map((value) => typeof value))).toEqual(new Set(['object']));
});

test('a length counts characters, as written and as escaped', () => {
  const automaton = openAutomaton(of({ type: 'string', minLength: 2, maxLength: 3 }));
  const allowed = (value: string) => matches(automaton, JSON.stringify(value));
  expect(['é🚀', '\n"\\', 'abc'].map(allowed)).toEqual([true, true, true]);
  expect(['a', 'abcd', '🚀'].map(allowed)).toEqual([false, false, false]);
  expect(matches(automaton, '"a\tb"')).toBe(false);
});

test('a number is between its bounds exactly where its digits say so', () => {
  const bound = fc.integer({ min: -2_000, max: 2_000 }).map((value) => value / 8);
  fc.assert(
    fc.property(
      bound,
      bound,
      fc.array(fc.integer({ min: -30_000, max: 30_000 }), { minLength: 20 }),
      (one, other, numbers) => {
        const [minimum, maximum] = [Math.min(one, other), Math.max(one, other)];
        fc.pre(Math.floor(maximum) >= Math.ceil(minimum));
        const whole = openAutomaton(of({ type: 'integer', minimum, maximum }));
        const any = openAutomaton(of({ type: 'number', minimum, maximum }));
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

test.each<[object, string]>([
  [{ type: 'string', pattern: '(?=a)' }, 'schema.pattern: lookaround'],
  [{ type: 'integer', minimum: 3, maximum: 2 }, 'schema allows no number'],
  [{ type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 4 }, 'schema allows no number'],
  [{ type: 'object', properties: { a: { type: 'x' } } }, 'schema.properties.a.type is not a type'],
  [{ $ref: '#/$defs/missing' }, 'schema.$ref names no schema'],
  [{ $ref: '#' }, 'No text matches'],
])('%o is refused with its place', (schema, message) => {
  expect(() => openAutomaton(of(schema))).toThrow(
    expect.objectContaining({ kind: 'input', message: expect.stringContaining(message) }),
  );
});
