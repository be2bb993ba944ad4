import { expect, test } from 'vitest';

import { checkSchema } from './check-schema.ts';

const deep = (levels: number): object =>
  levels === 0 ? { type: 'null' } : { type: 'array', items: deep(levels - 1) };
const wide = (count: number) => ({
  anyOf: Array.from({ length: count }, () => ({ type: 'null' })),
});

test.for<[string, Record<string, unknown>]>([
  ['anything', {}],
  ['an object', { type: 'object', properties: { a: true }, required: ['a'] }],
  ['a closed object', { type: 'object', properties: {}, additionalProperties: false }],
  [
    'a choice',
    { anyOf: [{ const: 1 }, { enum: ['a', null] }, { $ref: '#/$defs/x' }], $defs: { x: {} } },
  ],
  ['names that a pointer escapes', { $ref: '#/$defs/a~1b%20~0', $defs: { 'a/b ~': {} } }],
  ['an element of a list', { anyOf: [{ const: 1 }, { $ref: '#/anyOf/0' }] }],
  ['the largest whole numbers', { enum: [9_007_199_254_740_991, 0.1, -0] }],
  [
    'a schema that contains itself',
    { type: 'array', items: { $ref: '#' }, maxItems: 3, title: 'Tree' },
  ],
  ['a constant with its type', { const: 'a', type: 'string', title: 'A' }],
  ['two types', { type: ['string', 'null'], maxLength: 5 }],
  ['a pattern', { type: 'string', pattern: '^[A-Z]{2}-\\d+(a|b)?$' }],
  ['a date', { type: 'string', format: 'date' }],
  ['limits of several types', { minLength: 1, minimum: 1, required: ['a'] }],
  [
    'names',
    { $id: 'https://example.org/a', $ref: 'b#c', $defs: { b: { $id: 'b', $anchor: 'c' } } },
  ],
  ['a reference to true', { $ref: '#/$defs/a', $defs: { a: true } }],
])('a schema with %s is accepted', ([, schema]) => {
  expect(() => checkSchema(schema, 's')).not.toThrow();
});

test.for<[Record<string, unknown>, string]>([
  [{ type: 'thing' }, 's.type must be one of object, array'],
  [{ type: 'string', minimun: 1 }, 's.minimun is not supported'],
  [{ type: 'array', additionalItems: true }, 's.additionalItems is of an older draft'],
  [{ type: 'string', constructor: 1 }, 's.constructor is not supported'],
  [{ $ref: '#/a' }, 's.$ref must name a schema within this schema'],
  [{ $ref: 'https://example.org/a' }, 's.$ref must name a schema within this schema'],
  [{ $ref: '#/__proto__' }, 's.$ref must name a schema within this schema'],
  [{ $ref: '#/$defs/a/default', $defs: { a: { default: true } } }, 's.$ref must name a schema'],
  [{ $defs: { a: { $ref: '#/b' } } }, 's.$defs.a.$ref must name a schema'],
  [{ $ref: 3 }, 's.$ref must be a string'],
  [
    {
      allOf: [{ $dynamicRef: '#a' }],
      $defs: { a: { $dynamicAnchor: 'a' }, b: { $id: 'b', $dynamicAnchor: 'a' } },
    },
    's.allOf.0.$dynamicRef must name a $dynamicAnchor that occurs once',
  ],
  [{ enum: [] }, 's.enum must be a list of 1 to 5000'],
  [{ anyOf: [] }, 's.anyOf must not be empty'],
  [{ anyOf: {} }, 's.anyOf must be a list'],
  [{ type: [] }, 's.type must not be empty'],
  [{ type: 'constructor' }, 's.type must be one of object'],
  [{ type: ['__proto__'] }, 's.type must be one of object'],
  [{ type: 'array', prefixItems: {} }, 's.prefixItems must be a list'],
  [{ const: 9_007_199_254_740_992 }, 's.const must be between -9007199254740991 and'],
  [{ const: { a: [-1e300] } }, 's.const.a.0 must be between'],
  [{ enum: [1, Number.POSITIVE_INFINITY] }, 's.enum.1 must be between'],
  [
    { anyOf: [{ $ref: '#/anyOf/1/const' }, { const: { type: 'null' } }] },
    's.anyOf.0.$ref must name',
  ],
  [{ type: 'array', items: { $ref: '#/items/length' } }, 's.items.$ref must name a schema'],
  [{ $ref: '#/%zz' }, 's.$ref must name a schema within this schema'],
  [{ type: 'string', maxLength: 1e9 }, 's.maxLength must be a whole number between 0 and'],
  [{ type: 'string', minLength: 3, maxLength: 2 }, 's.minLength must not exceed maxLength'],
  [{ type: 'integer', minimum: '1' }, 's.minimum must be a number'],
  [{ type: 'integer', multipleOf: 0 }, 's.multipleOf must be a number above 0'],
  [{ type: 'array', uniqueItems: 1 }, 's.uniqueItems must be true or false'],
  [{ type: 'string', format: 'ipv7' }, 's.format must be one of'],
  [{ type: 'object', required: [1] }, 's.required.0 must be a name'],
  [{ dependentRequired: { a: 'b' } }, 's.dependentRequired.a must be a list of names'],
  [{ type: 'object', properties: { a: { type: 'x' } } }, 's.properties.a.type must be one of'],
  [{ type: 'array', prefixItems: [{ type: 'x' }] }, 's.prefixItems.0.type must be one of'],
  [{ type: 'object', properties: { a: 7 } }, 's.properties.a must be a JSON Schema object'],
  [{ not: 7 }, 's.not must be a JSON Schema object'],
  [{ ...deep(17) }, 'is nested deeper than 16'],
  [wide(1_001), 'exceeds the limit of 1000 schemas'],
])('%o is refused, and the error names the field', ([schema, message]) => {
  expect(() => checkSchema(schema, 's')).toThrow(message);
});
