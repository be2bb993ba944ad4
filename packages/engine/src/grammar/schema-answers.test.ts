import type { OutputGrammar } from '@runfleet/grammar';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';

import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { Detokenizer } from '../text/detokenizer.ts';
import { GrammarPath } from './grammar-path.ts';
import { Grammars } from './grammars.ts';
import { readVocabulary } from './vocabulary.ts';

const { tokenizer, idOf } = buildTokenizer(1088);
const stopIds = new Set([idOf('<|end|>')]);
const grammars = new Grammars(readVocabulary({ tokenizer, stopIds }));

const of = (schema: unknown): OutputGrammar => ({
  kind: 'json_schema',
  schema: JSON.stringify(schema),
});
const isValid = (schema: object) =>
  new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

/** An answer of random tokens from the masks. One time in four it ends if the mask allows that. */
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
    // Closing tokens are preferred; otherwise strings and lists would rarely end.
    const closing = words.filter((id) => /^["\]},0-9]+$/u.test(tokenizer.textOf(id)));
    const choices = closing.length > 0 && random.nextUint32() % 2 === 0 ? closing : words;
    const id = choices[random.nextUint32() % choices.length] ?? 0;
    path.take(id);
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
