import type { OutputGrammar } from '@runfleet/grammar';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';

import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { randomAnswer } from '../testing/random-answer.ts';
import { Grammars } from './grammars.ts';
import { readVocabulary } from './vocabulary.ts';

const { tokenizer, idOf } = buildTokenizer(1088);
const stopIds = new Set([idOf('<|end|>')]);
const grammars = new Grammars(readVocabulary({ tokenizer, stopIds }));
const model = { tokenizer, stopIds, grammars };

const of = (schema: unknown): OutputGrammar => ({
  kind: 'json_schema',
  schema: JSON.stringify(schema),
});
const isValid = (schema: object) =>
  new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

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
    const text = randomAnswer(model, of(schema), random);
    if (text === undefined) continue;
    finished += 1;
    expect([name, text, validate(JSON.parse(text))]).toEqual([name, text, true]);
  }
  expect(finished).toBeGreaterThan(20);
});

test('json alone is an object or a list', () => {
  const random = new SeededRandom(22n);
  const answers = Array.from({ length: 40 }, () => randomAnswer(model, { kind: 'json' }, random));
  const values = answers.flatMap((text): unknown[] =>
    text === undefined ? [] : [JSON.parse(text)],
  );
  expect(values.length).toBeGreaterThan(20);
  expect(new Set(values.map((value) => typeof value))).toEqual(new Set(['object']));
});
