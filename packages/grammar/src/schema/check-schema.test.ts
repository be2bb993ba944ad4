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
])('a schema with %s is accepted', ([, schema]) => {
  expect(() => checkSchema(schema, 's')).not.toThrow();
});

test.for<[Record<string, unknown>, string]>([
  [{ type: 'thing' }, 's.type must be one of object, array'],
  [{ type: 'string', not: {} }, 's.not is not supported beside type'],
  [{ oneOf: [{ type: 'null' }] }, 's must have type, enum, const, anyOf or $ref beside oneOf'],
  [{ type: 'string', minimum: 1 }, 's.minimum is not supported beside type'],
  [{ anyOf: [{}], type: 'null' }, 's.type is not supported beside anyOf'],
  [{ $ref: '#/a' }, 's.$ref must name a schema within this schema'],
  [{ $ref: 'https://example.org/a' }, 's.$ref must name a schema within this schema'],
  [{ $ref: '#/__proto__' }, 's.$ref must name a schema within this schema'],
  [{ const: 1, type: 'string' }, 's.const must match the type beside it'],
  [{ enum: [] }, 's.enum must be a list of 1 to'],
  [{ anyOf: [] }, 's.anyOf must not be empty'],
  [{ anyOf: {} }, 's.anyOf must be a list'],
  [{ type: [] }, 's.type must not be empty'],
  [{ type: 'constructor' }, 's.type must be one of object'],
  [{ type: ['__proto__'] }, 's.type must be one of object'],
  [{ type: 'array', prefixItems: {} }, 's.prefixItems must be a list'],
  [{ type: 'array', prefixItems: [true], minItems: 2 }, 's.minItems must not exceed the 1 items'],
  [{ type: 'array', items: false, minItems: 1 }, 's.minItems must not exceed the 0 items'],
  [
    { type: 'array', prefixItems: [true], items: false, minItems: 2 },
    's.minItems must not exceed the 1 items',
  ],
  [{ const: 9_007_199_254_740_992 }, 's.const must be between -9007199254740991 and'],
  [{ const: { a: [-1e300] } }, 's.const.a.0 must be between'],
  [{ enum: [1, Number.POSITIVE_INFINITY] }, 's.enum.1 must be between'],
  [
    { anyOf: [{ $ref: '#/anyOf/1/const' }, { const: { type: 'null' } }] },
    's.anyOf.0.$ref must name',
  ],
  [{ type: 'array', items: { $ref: '#/items/length' } }, 's.items.$ref must name a schema'],
  [{ $ref: '#/%zz' }, 's.$ref must name a schema within this schema'],
  [{ enum: ['a', 1], type: 'string' }, 's.enum.1 must match the type beside it'],
  [{ type: 'string', maxLength: 1e9 }, 's.maxLength must be a whole number between 0 and'],
  [{ type: 'string', minLength: 3, maxLength: 2 }, 's.minLength must not exceed maxLength'],
  [{ type: 'integer', minimum: '1' }, 's.minimum must be a number'],
  [{ type: 'string', format: 'ipv7' }, 's.format must be one of'],
  [{ type: 'string', format: 'date', maxLength: 9 }, 's.format cannot be combined'],
  [{ type: 'object', required: ['a'] }, 's.required.0 must name one of the properties'],
  [{ type: 'object', properties: { a: { type: 'x' } } }, 's.properties.a.type must be one of'],
  [{ type: 'array', prefixItems: [{ type: 'x' }] }, 's.prefixItems.0.type must be one of'],
  [{ type: 'object', properties: { a: 7 } }, 's.properties.a must be a JSON Schema object'],
  [{ ...deep(17) }, 'is nested deeper than 16'],
  [wide(501), 'exceeds the limit of 500 schemas'],
])('%o is refused, and the error names the field', ([schema, message]) => {
  expect(() => checkSchema(schema, 's')).toThrow(message);
});
