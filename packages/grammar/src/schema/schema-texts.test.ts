import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { GrammarError } from '../grammar-error.ts';
import { openGrammar } from '../open-grammar.ts';
import { draws } from '../testing/draws.ts';
import { randomText } from '../testing/random-text.ts';

const count = fc.integer({ min: 0, max: 4 });
const name = fc.constantFrom('a', 'b "quoted"', 'ключ', '0', 'constructor');
const value = fc.oneof(
  fc.constantFrom(null, true, 0, -1.5, 'a', '🚀"\\\n', 9_007_199_254_740_991),
  fc.constantFrom([], [1, 'b'], { a: { b: [] } }),
);
const bound = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.double({ min: -50, max: 50, noNaN: true }),
);
const pattern = fc.constantFrom(
  '^a*$',
  '[^"\\\\]{1,3}',
  '(a|é|🚀)+',
  '\\d{2}-\\w',
  '["\\s]{0,2}.',
  '\\ud83d\\ude80?',
);

/** Schemas of the supported part of JSON Schema, and some that are refused. */
const { schema } = fc.letrec<{ schema: object | boolean; list: object; object: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom<object | boolean>(true, {}, { type: 'null' }, { type: ['boolean', 'integer'] }),
    fc.constantFrom({ $ref: '#' }, { $ref: '#/$defs/it' }),
    fc.record({ const: value }),
    fc.record({ enum: fc.array(value, { minLength: 1, maxLength: 4 }) }),
    fc.record({ type: fc.constantFrom('integer', 'number'), minimum: bound, maximum: bound }),
    fc.record({
      type: fc.constantFrom('integer', 'number'),
      exclusiveMinimum: bound,
      exclusiveMaximum: bound,
    }),
    fc.record({ type: fc.constant(['string', 'null']), minLength: count, maxLength: count }),
    fc.record({ type: fc.constant('string'), pattern }),
    fc.record({ anyOf: fc.array(tie('schema'), { maxLength: 3 }) }),
    tie('list'),
    tie('object'),
  ),
  list: fc.record(
    {
      type: fc.constant('array'),
      items: fc.oneof(fc.constant(false), tie('schema')),
      prefixItems: fc.array(tie('schema'), { maxLength: 3 }),
      minItems: count,
      maxItems: count,
    },
    { requiredKeys: ['type'] },
  ),
  object: fc
    .record({
      names: fc.uniqueArray(name, { maxLength: 4 }),
      schemas: fc.array(tie('schema'), { minLength: 4, maxLength: 4 }),
      required: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      others: fc.constantFrom<object>({}, { additionalProperties: false }),
    })
    .map(({ names, schemas, required, others }) => ({
      type: 'object',
      properties: Object.fromEntries(names.map((key, at) => [key, schemas[at]])),
      required: names.filter((_, at) => required[at]),
      ...others,
    })),
}));
const root = fc
  .tuple(schema, schema)
  .filter((both): both is [object, object | boolean] => typeof both[0] === 'object')
  .map(([whole, it]) => ({ ...whole, $defs: { it } }));

test('every text of an accepted schema can be ended, and is valid', () => {
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(root, draws, (given, draw) => {
      const text = JSON.stringify(given);
      const opened = tryOpen(text);
      if (!opened) {
        refused += 1;
        return;
      }
      taken += 1;
      const ajv = new Ajv2020({
        strict: false,
        validateFormats: false,
        validateSchema: false,
        ownProperties: true,
      });
      const validate = ajv.compile(JSON.parse(text));
      for (let round = 0; round < 5; round += 1) {
        const answer = randomText(opened.automaton, draw, 40);
        expect([text, answer, validate(JSON.parse(answer))]).toEqual([text, answer, true]);
      }
    }),
    { numRuns: 1_500 },
  );
  expect(taken).toBeGreaterThan(500);
  expect(refused).toBeGreaterThan(50);
});

function tryOpen(schemaText: string) {
  try {
    return openGrammar({ kind: 'json_schema', schema: schemaText });
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}
