/**
 * The part of JSON Schema that an answer can be held to, token by token. Any other keyword is
 * refused: a caller would trust a schema that is enforced only in part.
 */
import { GrammarError } from '../grammar-error.ts';
import { requireNoLoops } from './references.ts';
import { isSchema, type Schema, typesOf } from './schema.ts';
import { FORMAT_PATTERNS } from './string-node.ts';
import { valuesBelow } from './values-below.ts';

const DEPTH_MAX = 16;
const SCHEMAS_MAX = 500;
const ENUM_VALUES_MAX = 500;
const LENGTH_MAX = 10_000;
const ITEMS_MAX = 1_000;

/** Keywords that do not restrict the value. */
const ANNOTATIONS = [
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
];

/** A schema has at most one of these forms; the keywords allowed beside each. */
const FORMS = {
  $ref: [],
  const: ['type'],
  enum: ['type'],
  anyOf: [],
  type: [],
} as const satisfies Record<string, readonly string[]>;

/** The keywords that a schema of each type may have. */
const KEYWORDS_OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  boolean: [],
  null: [],
};

const FORMATS = Object.keys(FORMAT_PATTERNS);

const COUNTS = {
  minLength: LENGTH_MAX,
  maxLength: LENGTH_MAX,
  minItems: ITEMS_MAX,
  maxItems: ITEMS_MAX,
} as const;

/**
 * All schemas within `root`, itself included, each with its field in the request. Throws
 * `GrammarError`, which names the field that cannot be enforced.
 */
export function checkSchema(root: unknown, field: string): ReadonlyMap<unknown, string> {
  const fields = new Map<unknown, string>();
  checkEach(root, field, 0, fields);
  requireNoLoops(root, fields);
  return fields;
}

function checkEach(
  schema: unknown,
  field: string,
  depth: number,
  fields: Map<unknown, string>,
): void {
  if (schema === true) return;
  if (!isSchema(schema)) throw new GrammarError(field, 'must be a JSON Schema object');
  if (depth > DEPTH_MAX) {
    throw new GrammarError(field, `is nested deeper than ${DEPTH_MAX} schemas`);
  }
  fields.set(schema, field);
  if (fields.size > SCHEMAS_MAX) {
    throw new GrammarError(field, `exceeds the limit of ${SCHEMAS_MAX} schemas`);
  }
  checkForm(schema, field);
  checkLists(schema, field);
  checkValues(schema, field);
  checkNumbers(schema, field);
  checkText(schema, field);
  checkArray(schema, field);
  checkObject(schema, field);
  for (const [inside, inner] of innerSchemas(schema)) {
    checkEach(inner, `${field}.${inside}`, depth + 1, fields);
  }
}

/** At most one form, and only the keywords of its types. */
function checkForm(schema: Schema, field: string): void {
  const keywords = Object.keys(schema).filter((keyword) => !ANNOTATIONS.includes(keyword));
  const form = Object.keys(FORMS).find((key): key is keyof typeof FORMS => key in schema);
  if (form === undefined) {
    if (keywords.length === 0) return;
    throw new GrammarError(
      field,
      `must have type, enum, const, anyOf or $ref beside ${keywords[0]}`,
    );
  }
  const allowed: string[] = [form, ...FORMS[form]];
  if (form === 'type') {
    for (const type of typesOf(schema)) {
      const isType = typeof type === 'string' && Object.hasOwn(KEYWORDS_OF_TYPE, type);
      const known = isType ? KEYWORDS_OF_TYPE[type] : undefined;
      if (!known) {
        throw new GrammarError(
          `${field}.type`,
          `must be one of ${Object.keys(KEYWORDS_OF_TYPE).join(', ')}`,
        );
      }
      allowed.push(...known);
    }
  }
  const unsupported = keywords.find((keyword) => !allowed.includes(keyword));
  if (unsupported !== undefined) {
    throw new GrammarError(`${field}.${unsupported}`, `is not supported beside ${form}`);
  }
}

function checkLists(schema: Schema, field: string): void {
  for (const keyword of ['anyOf', 'type', 'prefixItems']) {
    const listed = schema[keyword];
    if (listed === undefined || (keyword === 'type' && !Array.isArray(listed))) continue;
    if (!Array.isArray(listed)) throw new GrammarError(`${field}.${keyword}`, 'must be a list');
    if (listed.length > 0 || keyword === 'prefixItems') continue;
    throw new GrammarError(`${field}.${keyword}`, 'must not be empty: it allows nothing');
  }
}

function checkValues(schema: Schema, field: string): void {
  for (const keyword of ['const', 'enum']) {
    if (keyword in schema) requireExact(schema[keyword], `${field}.${keyword}`);
  }
  const types = typesOf(schema);
  const isMismatch = (value: unknown) => types.length > 0 && !isOfType(value, types);
  if ('const' in schema && isMismatch(schema['const'])) {
    throw new GrammarError(`${field}.const`, 'must match the type beside it');
  }
  const values = schema['enum'];
  if (values === undefined) return;
  if (!Array.isArray(values) || values.length === 0 || values.length > ENUM_VALUES_MAX) {
    throw new GrammarError(`${field}.enum`, `must be a list of 1 to ${ENUM_VALUES_MAX} values`);
  }
  const mismatch = values.findIndex(isMismatch);
  if (mismatch >= 0)
    throw new GrammarError(`${field}.enum.${mismatch}`, 'must match the type beside it');
}

function checkNumbers(schema: Schema, field: string): void {
  for (const [keyword, most] of Object.entries(COUNTS)) {
    const value = schema[keyword];
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
      throw new GrammarError(`${field}.${keyword}`, `must be a whole number between 0 and ${most}`);
    }
  }
  for (const keyword of KEYWORDS_OF_TYPE['number'] ?? []) {
    const value = schema[keyword];
    if (value !== undefined && (typeof value !== 'number' || !Number.isFinite(value))) {
      throw new GrammarError(`${field}.${keyword}`, 'must be a number');
    }
  }
  for (const [low, high] of [
    ['minLength', 'maxLength'],
    ['minItems', 'maxItems'],
    ['minimum', 'maximum'],
  ] as const) {
    const [least, most] = [schema[low], schema[high]];
    if (typeof least === 'number' && typeof most === 'number' && least > most) {
      throw new GrammarError(`${field}.${low}`, `must not exceed ${high}`);
    }
  }
}

function checkText(schema: Schema, field: string): void {
  const { pattern, format } = schema;
  if (format !== undefined && (typeof format !== 'string' || !FORMATS.includes(format))) {
    throw new GrammarError(`${field}.format`, `must be one of ${FORMATS.join(', ')}`);
  }
  const lengths = ['minLength', 'maxLength'].filter((keyword) => keyword in schema);
  const chosen = [...(pattern === undefined ? [] : ['pattern']), ...(format ? ['format'] : [])];
  if (chosen.length + Math.min(1, lengths.length) > 1) {
    throw new GrammarError(
      `${field}.${chosen[0]}`,
      'cannot be combined with another of pattern, format and a length limit',
    );
  }
  if (pattern !== undefined && typeof pattern !== 'string') {
    throw new GrammarError(`${field}.pattern`, 'must be a string');
  }
}

function checkArray(schema: Schema, field: string): void {
  const { prefixItems, items, minItems } = schema;
  const prefix = Array.isArray(prefixItems) ? prefixItems.length : 0;
  const isClosed = items === false || (prefix > 0 && items === undefined);
  if (isClosed && typeof minItems === 'number' && minItems > prefix) {
    throw new GrammarError(
      `${field}.minItems`,
      `must not exceed the ${prefix} items that prefixItems lists, as items allows no others`,
    );
  }
}

function checkObject(schema: Schema, field: string): void {
  const { properties, required } = schema;
  if (properties !== undefined && !isSchema(properties)) {
    throw new GrammarError(`${field}.properties`, 'must be an object of schemas');
  }
  if (required === undefined) return;
  if (!Array.isArray(required))
    throw new GrammarError(`${field}.required`, 'must be a list of names');
  for (const [index, property] of required.entries()) {
    if (typeof property !== 'string' || !Object.hasOwn(properties ?? {}, property)) {
      throw new GrammarError(`${field}.required.${index}`, 'must name one of the properties');
    }
  }
}

function innerSchemas(schema: Schema): [string, unknown][] {
  const inner: [string, unknown][] = [];
  for (const keyword of ['properties', '$defs', 'definitions']) {
    const named = schema[keyword];
    if (!isSchema(named)) continue;
    for (const [key, value] of Object.entries(named)) inner.push([`${keyword}.${key}`, value]);
  }
  for (const keyword of ['anyOf', 'prefixItems']) {
    const listed: unknown = schema[keyword];
    if (!Array.isArray(listed)) continue;
    for (const [index, value] of listed.entries()) inner.push([`${keyword}.${index}`, value]);
  }
  for (const keyword of ['items', 'additionalProperties']) {
    const value = schema[keyword];
    if (value !== undefined && value !== false) inner.push([keyword, value]);
  }
  return inner;
}

function isOfType(value: unknown, types: readonly unknown[]): boolean {
  if (value === null) return types.includes('null');
  if (Array.isArray(value)) return types.includes('array');
  return types.includes(typeof value) || (Number.isInteger(value) && types.includes('integer'));
}

/**
 * A whole number above 2^53 has already lost digits when it arrives here, and JSON parsers disagree
 * about it.
 */
function requireExact(root: unknown, start: string): void {
  for (const { value, field } of valuesBelow(root, start)) {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) continue;
    if (Number.isFinite(value) && !Number.isInteger(value)) continue;
    throw new GrammarError(
      field,
      `must be between -${Number.MAX_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}, because larger whole numbers lose digits. Write it as a string`,
    );
  }
}
