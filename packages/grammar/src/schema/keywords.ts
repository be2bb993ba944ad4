/** What an answer may be held to, keyword by keyword. `docs/json-schema.md` is written from it. */

/** How the value of a keyword must look; `check-schema` reads it. */
export type Shape =
  | 'schema'
  | 'schemas'
  | 'named schemas'
  | 'names'
  | 'names by name'
  | 'count'
  | 'number'
  | 'positive number'
  | 'text'
  | 'flag'
  | 'type'
  | 'values'
  | 'any';

export type Keyword = {
  readonly shape: Shape;
  /** The types it applies to: values of other types are not limited by it. */
  readonly of?: 'number' | 'string' | 'array' | 'object';
  readonly how: string;
};

const keywords = {
  type: { shape: 'type', how: 'a choice of the types' },
  enum: { shape: 'values', how: 'a tree of the values that match the keywords beside it' },
  const: { shape: 'any', how: 'like an enum of one value' },

  minimum: { shape: 'number', of: 'number', how: 'digit by digit' },
  maximum: { shape: 'number', of: 'number', how: 'digit by digit' },
  exclusiveMinimum: { shape: 'number', of: 'number', how: 'digit by digit' },
  exclusiveMaximum: { shape: 'number', of: 'number', how: 'digit by digit' },
  multipleOf: { shape: 'positive number', of: 'number', how: 'the remainder, digit by digit' },

  minLength: { shape: 'count', of: 'string', how: 'a count of characters' },
  maxLength: { shape: 'count', of: 'string', how: 'a count of characters' },
  pattern: {
    shape: 'text',
    of: 'string',
    how: 'the whole string matches; beside other limits of strings, an automaton that joins them',
  },
  format: { shape: 'text', of: 'string', how: 'a pattern; only the formats below' },

  prefixItems: { shape: 'schemas', of: 'array', how: 'one item after the other' },
  items: { shape: 'schema', of: 'array', how: 'a repetition' },
  minItems: { shape: 'count', of: 'array', how: 'a count of items' },
  maxItems: { shape: 'count', of: 'array', how: 'a count of items' },
  uniqueItems: {
    shape: 'flag',
    of: 'array',
    how: 'values that can be listed: up to 8 in any order, more in the order of the list',
  },
  contains: { shape: 'schema', of: 'array', how: 'a count of matching items' },
  minContains: { shape: 'count', of: 'array', how: 'the least count of contains' },
  maxContains: {
    shape: 'count',
    of: 'array',
    how: 'the greatest count of contains, whose schema must have an exact opposite',
  },
  unevaluatedItems: { shape: 'schema', of: 'array', how: 'per alternative of the schema' },

  properties: { shape: 'named schemas', of: 'object', how: 'in their order' },
  required: { shape: 'names', of: 'object', how: 'its properties cannot be left out' },
  additionalProperties: {
    shape: 'schema',
    of: 'object',
    how: 'the other properties, after the named ones',
  },
  patternProperties: {
    shape: 'named schemas',
    of: 'object',
    how: 'the other properties, by the patterns that occur in their names',
  },
  propertyNames: { shape: 'schema', of: 'object', how: 'limits the names' },
  minProperties: {
    shape: 'count',
    of: 'object',
    how: 'a count of properties, at most one of them without a name in the schema',
  },
  maxProperties: { shape: 'count', of: 'object', how: 'a count of properties' },
  dependentRequired: { shape: 'names by name', of: 'object', how: 'alternatives by the name' },
  dependentSchemas: { shape: 'named schemas', of: 'object', how: 'alternatives by the name' },
  unevaluatedProperties: { shape: 'schema', of: 'object', how: 'per alternative of the schema' },

  $ref: { shape: 'text', how: 'a schema in the same text, by pointer, $id or $anchor' },
  $dynamicRef: { shape: 'text', how: 'like $ref, if its $dynamicAnchor is the only one' },
  allOf: { shape: 'schemas', how: 'merged' },
  anyOf: { shape: 'schemas', how: 'a choice' },
  oneOf: {
    shape: 'schemas',
    how: 'a choice: an alternative that may overlap another excludes it, where that is exact',
  },
  not: { shape: 'schema', how: 'the opposite keywords, where they are exact' },
  if: { shape: 'schema', how: 'two alternatives: if and then, not if and else' },
  // oxlint-disable-next-line unicorn/no-thenable -- A keyword of JSON Schema; nothing awaits this table.
  then: { shape: 'schema', how: 'see if' },
  else: { shape: 'schema', how: 'see if' },

  $defs: { shape: 'named schemas', how: 'holds schemas for $ref' },
  definitions: { shape: 'named schemas', how: 'holds schemas for $ref' },
  $id: { shape: 'text', how: 'a name for $ref' },
  $anchor: { shape: 'text', how: 'a name for $ref' },
  $dynamicAnchor: { shape: 'text', how: 'a name for $ref and $dynamicRef' },
} as const satisfies Readonly<Record<string, Keyword>>;

export const KEYWORDS: Readonly<Record<string, Keyword>> = keywords;

/** Keywords that do not limit the value. */
export const ANNOTATIONS: readonly string[] = [
  '$schema',
  '$comment',
  '$vocabulary',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
];

/** Refused with this reason; any keyword that is in no table is refused, too. */
export const REFUSED: Readonly<Record<string, string>> = {
  additionalItems: 'is of an older draft: use items beside prefixItems',
  dependencies: 'is of an older draft: use dependentRequired or dependentSchemas',
  $recursiveRef: 'is of an older draft: use $ref',
  $recursiveAnchor: 'is of an older draft: use $anchor',
};

/** The opposites of keywords. No schema of a caller holds them: their names are unknown keywords. */
export const NOT_PATTERN = 'not pattern';
export const NOT_MULTIPLE_OF = 'not multipleOf';
export const NOT_ENUM = 'not enum';

/** The keywords that limit a schema's own value, apart from those that hold alternatives. */
export const OWN_KEYWORDS: readonly string[] = [
  NOT_PATTERN,
  NOT_MULTIPLE_OF,
  NOT_ENUM,
  ...Object.entries(KEYWORDS).flatMap(([name, { of }]) => (of === undefined ? [] : [name])),
];
