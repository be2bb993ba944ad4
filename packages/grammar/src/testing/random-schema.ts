import fc from 'fast-check';

const count = fc.integer({ min: 0, max: 4 });
const name = fc.constantFrom('a', 'b "quoted"', 'ключ', '0', 'constructor');
const value = fc.oneof(
  fc.constantFrom(null, true, 0, -1.5, 3, 12, 'a', 'ab', '🚀"\\\n', 9_007_199_254_740_991),
  fc.constantFrom<object>([], [1, 'b'], { a: { b: [] } }, { a: 1 }),
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
  '^a',
  'b$',
  'a',
);
const type = fc.constantFrom('null', 'boolean', 'integer', 'number', 'string', 'array', 'object');

const number = fc.record(
  {
    minimum: bound,
    maximum: bound,
    exclusiveMinimum: bound,
    exclusiveMaximum: bound,
    multipleOf: fc.constantFrom(1, 2, 3, 7, 10, 0.5, 0.25, 40),
  },
  { requiredKeys: [] },
);
const text = fc.record({ minLength: count, maxLength: count, pattern }, { requiredKeys: [] });

const PAIRS = [
  ['minimum', 'maximum'],
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
  ['minProperties', 'maxProperties'],
] as const;

/**
 * A least number above the greatest one is refused at once. `ajv` takes `[]` for `contains` beside
 * a `prefixItems` that allows nothing.
 */
function inOrder(schema: object): object {
  const limits = new Map<string, unknown>(Object.entries(schema));
  for (const [low, high] of PAIRS) {
    const [least, most] = [limits.get(low), limits.get(high)];
    if (typeof least !== 'number' || typeof most !== 'number' || least <= most) continue;
    limits.set(low, most).set(high, least);
  }
  if (limits.has('contains')) limits.delete('prefixItems');
  return Object.fromEntries(limits);
}

/** Schemas of the supported keywords, alone and together; some of them are refused. */
const { schema } = fc.letrec<{ schema: object | boolean; list: object; object: object }>((tie) => {
  const inner = tie('schema');
  const schemas = fc.array(inner, { minLength: 1, maxLength: 3 });
  const typed = (limits: fc.Arbitrary<object>, ...types: string[]) =>
    fc.tuple(limits, fc.constantFrom(undefined, ...types)).map(([keywords, its]) => ({
      ...inOrder(keywords),
      ...(its === undefined ? {} : { type: its }),
    }));
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom<object | boolean>(true, false, {}, { $ref: '#' }, { $ref: '#/$defs/it' }),
      fc.record({ type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })) }),
      fc.record({ const: value }),
      fc.record({ enum: fc.array(value, { minLength: 1, maxLength: 4 }) }),
      typed(number, 'integer', 'number'),
      typed(text, 'string'),
      fc.record({ anyOf: schemas }),
      fc.record({ oneOf: schemas }),
      fc.record({ allOf: schemas }),
      fc.record({ not: inner }),
      // oxlint-disable-next-line unicorn/no-thenable -- A keyword of JSON Schema; nothing awaits it.
      fc.record({ if: inner, then: inner, else: inner }, { requiredKeys: ['if'] }),
      fc.tuple(inner, inner).map(([left, right]) => inOrder({ ...Object(left), ...Object(right) })),
      typed(tie('list'), 'array'),
      typed(tie('object'), 'object'),
    ),
    list: fc.record(
      {
        items: inner,
        prefixItems: fc.array(inner, { maxLength: 3 }),
        minItems: count,
        maxItems: count,
        contains: inner,
        minContains: fc.integer({ min: 0, max: 2 }),
        maxContains: fc.integer({ min: 0, max: 2 }),
        uniqueItems: fc.boolean(),
        unevaluatedItems: inner,
      },
      { requiredKeys: [] },
    ),
    object: fc
      .record({
        names: fc.uniqueArray(name, { maxLength: 3 }),
        schemas: fc.array(inner, { minLength: 3, maxLength: 3 }),
        required: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        others: fc.record(
          {
            additionalProperties: inner,
            patternProperties: fc.dictionary(pattern, inner, { maxKeys: 2 }),
            propertyNames: text,
            minProperties: fc.integer({ min: 0, max: 3 }),
            maxProperties: fc.integer({ min: 0, max: 3 }),
            dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), {
              maxKeys: 2,
            }),
            dependentSchemas: fc.dictionary(name, inner, { maxKeys: 1 }),
            unevaluatedProperties: inner,
          },
          { requiredKeys: [] },
        ),
      })
      .map(({ names, schemas: its, required, others }) => ({
        properties: Object.fromEntries(names.map((key, at) => [key, its[at]])),
        required: names.filter((_, at) => required[at]),
        ...others,
      })),
  };
});

/** A schema whose references find what they name. */
export const randomSchema = fc
  .tuple(schema, schema)
  .filter((both): both is [object, object | boolean] => typeof both[0] === 'object')
  .map(([whole, it]) => ({ ...whole, $defs: { it } }))
  // `ajv` does not count the items that match `contains` as evaluated.
  .filter(
    (made) =>
      !['"contains"', '"unevaluatedItems"'].every((word) => JSON.stringify(made).includes(word)),
  );

/** Small values of every type. */
export const randomValue: fc.Arbitrary<unknown> = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      value,
      fc.integer({ min: -20, max: 50 }),
      fc.constantFrom('', 'b', 'aa', 'é', 'aab', '12-x', 0.5, -0.25, false),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    ),
  }))
  // As a reader of JSON has them: `ajv` compares the prototypes of objects.
  .value.map((made) => JSON.parse(JSON.stringify(made)) as unknown);
