import { GrammarError } from '../grammar-error.ts';
import { ANNOTATIONS, NOT_ENUM, NOT_MULTIPLE_OF, NOT_PATTERN } from './keywords.ts';
import { ALL_TYPES, isSchema, type Schema, TYPE_BITS, typesOf } from './schema.ts';

/**
 * Schemas of which at least one holds exactly where `schema` does not: one for each way to break a
 * keyword. Throws `GrammarError`, which names a keyword without an exact opposite.
 */
export function oppositesOf(
  schema: Schema,
  { field, find }: { field: string; find: (keyword: '$ref' | '$dynamicRef') => Schema | boolean },
): Schema[] {
  return Object.entries(schema).flatMap(([keyword, value]): Schema[] => {
    if (ANNOTATIONS.includes(keyword) || HOLDERS.includes(keyword)) return [];
    if (keyword === '$ref' || keyword === '$dynamicRef') return [{ not: find(keyword) }];
    const options = OPPOSITES[keyword]?.(value, schema);
    if (options) return options;
    throw new GrammarError(`${field}.${keyword}`, 'has no exact opposite here');
  });
}

const HOLDERS: readonly string[] = [
  '$defs',
  'definitions',
  '$id',
  '$anchor',
  '$dynamicAnchor',
  'then',
  'else',
];

/** Undefined where the opposite cannot be said. `value` has passed `checkSchema`. */
type Opposite = (value: never, schema: Schema) => Schema[] | undefined;

const number = (limit: Schema): Schema[] => [{ type: 'number', ...limit }];
const text = (limit: Schema): Schema[] => [{ type: 'string', ...limit }];
const list = (limit: Schema): Schema[] => [{ type: 'array', ...limit }];
const object = (limit: Schema): Schema => ({ type: 'object', ...limit });

const opposites = {
  type: (_, schema) => {
    const types = typeNames(ALL_TYPES & ~typesOf(schema));
    return types.length > 0 ? [{ type: types }] : [];
  },
  const: (value: unknown) => notOneOf([value]),
  enum: (values: unknown[]) => notOneOf(values),
  [NOT_ENUM]: (values: unknown[]) => [{ enum: values }],

  minimum: (value: number) => number({ exclusiveMaximum: value }),
  maximum: (value: number) => number({ exclusiveMinimum: value }),
  exclusiveMinimum: (value: number) => number({ maximum: value }),
  exclusiveMaximum: (value: number) => number({ minimum: value }),
  multipleOf: (value: number) => number({ [NOT_MULTIPLE_OF]: value }),
  [NOT_MULTIPLE_OF]: (value: number) => number({ multipleOf: value }),

  minLength: (count: number) => (count === 0 ? [] : text({ maxLength: count - 1 })),
  maxLength: (count: number) => text({ minLength: count + 1 }),
  pattern: (pattern: string) => text({ [NOT_PATTERN]: pattern }),
  [NOT_PATTERN]: (pattern: string) => text({ pattern }),

  minItems: (count: number) => (count === 0 ? [] : list({ maxItems: count - 1 })),
  maxItems: (count: number) => list({ minItems: count + 1 }),
  uniqueItems: (isUnique: boolean) => (isUnique ? undefined : []),
  prefixItems: (items: unknown[]) =>
    items.flatMap((item, at) =>
      list({
        minItems: at + 1,
        prefixItems: [...items.slice(0, at).map(() => true), { not: item }],
      }),
    ),
  items: (item: unknown, { prefixItems }) => {
    if (item === true) return [];
    const before = Array.isArray(prefixItems) ? prefixItems.length : 0;
    if (item === false) return list({ minItems: before + 1 });
    return before === 0 ? list({ contains: { not: item } }) : undefined;
  },
  contains: (item: unknown, { minContains, maxContains }) => [
    ...(minContains === 0
      ? []
      : minContains === undefined || minContains === 1
        ? list({ items: { not: item } })
        : list({ contains: item, minContains: 0, maxContains: Number(minContains) - 1 })),
    ...(maxContains === undefined
      ? []
      : list({ contains: item, minContains: Number(maxContains) + 1 })),
  ],
  minContains: () => [],
  maxContains: () => [],

  properties: (named: Schema) =>
    Object.entries(named).map(([name, inner]) =>
      object({ required: [name], properties: { [name]: { not: inner } } }),
    ),
  required: (names: string[]) => names.map((name) => object({ properties: { [name]: false } })),
  minProperties: (count: number) => (count === 0 ? [] : [object({ maxProperties: count - 1 })]),
  maxProperties: (count: number) => [object({ minProperties: count + 1 })],
  additionalProperties: (inner: unknown) => (inner === true ? [] : undefined),
  patternProperties: (named: Schema) =>
    Object.values(named).every((inner) => inner === true) ? [] : undefined,
  propertyNames: (inner: unknown) => (inner === true ? [] : undefined),
  dependentRequired: (named: Record<string, string[]>) =>
    Object.entries(named).flatMap(([name, names]) =>
      names.map((other) => object({ required: [name], properties: { [other]: false } })),
    ),
  dependentSchemas: (named: Schema) =>
    Object.entries(named).map(([name, inner]) => object({ required: [name], not: inner })),

  allOf: (options: unknown[]) => options.map((option) => ({ not: option })),
  anyOf: (options: unknown[]) => [{ allOf: options.map((option) => ({ not: option })) }],
  oneOf: (options: unknown[]) => [
    { allOf: options.map((option) => ({ not: option })) },
    ...options.flatMap((option, at) =>
      options.slice(at + 1).map((other) => ({ allOf: [option, other] })),
    ),
  ],
  not: (inner: unknown) => [{ allOf: [inner] }],
  if: (inner: unknown, schema) => [
    ...('then' in schema ? [{ allOf: [inner], not: schema['then'] }] : []),
    ...('else' in schema ? [{ allOf: [{ not: inner }, { not: schema['else'] }] }] : []),
  ],
} satisfies Record<string, Opposite>;
const OPPOSITES: Readonly<
  Record<string, ((value: unknown, schema: Schema) => Schema[] | undefined) | undefined>
> =
  // `checkSchema` has checked the form of each value.
  opposites as never;

/** A list or an object differs from a value in its size, or in one of its members. */
function notOneOf(values: readonly unknown[]): Schema[] {
  const differences = values.flatMap((value): Schema[] => {
    if (Array.isArray(value))
      return [{ anyOf: [{ type: typeNames(ALL_TYPES & ~TYPE_BITS.array) }, ...otherLists(value)] }];
    if (isSchema(value))
      return [
        { anyOf: [{ type: typeNames(ALL_TYPES & ~TYPE_BITS.object) }, ...otherObjects(value)] },
      ];
    return [];
  });
  const plain = values.filter((value) => typeof value !== 'object' || value === null);
  return [{ [NOT_ENUM]: plain, ...(differences.length > 0 ? { allOf: differences } : {}) }];
}

function otherLists(value: readonly unknown[]): Schema[] {
  const { length } = value;
  return [
    ...(length === 0 ? [] : list({ maxItems: length - 1 })),
    ...list({ minItems: length + 1 }),
    ...value.flatMap((item, at) =>
      list({
        minItems: length,
        maxItems: length,
        prefixItems: value.map((_, index) => (index === at ? { not: { const: item } } : true)),
      }),
    ),
  ];
}

function otherObjects(value: Schema): Schema[] {
  const names = Object.keys(value);
  return [
    object({ minProperties: names.length + 1 }),
    ...names.flatMap((name) => [
      object({ properties: { [name]: false } }),
      object({ required: [name], properties: { [name]: { not: { const: value[name] } } } }),
    ]),
  ];
}

/** Fractions alone are a type here, though no caller can write it. */
function typeNames(bits: number): string[] {
  const names = Object.entries(TYPE_BITS).filter(([name, its]) =>
    name === 'number' ? false : (bits & its) !== 0,
  );
  return names.map(([name]) => name);
}
