/**
 * The part of JSON Schema that an answer can be held to, token by token. A keyword outside it is
 * refused, because a schema that is followed in part is worse than none: its caller would trust it.
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

/** Say nothing about the value. */
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

/** A schema says one of these; what else it may say beside each. */
const FORMS = {
  $ref: [],
  const: ['type'],
  enum: ['type'],
  anyOf: [],
  type: [],
} as const satisfies Record<string, readonly string[]>;

/** What a schema of a type may say. */
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
 * The places of all schemas in one, by themselves. Throws `GrammarError` with the place that cannot be
 * followed.
 */
export function checkSchema(root: unknown, place: string): ReadonlyMap<unknown, string> {
  const places = new Map<unknown, string>();
  checkEach(root, place, 0, places);
  requireNoLoops(root, places);
  return places;
}

function checkEach(
  schema: unknown,
  name: string,
  depth: number,
  places: Map<unknown, string>,
): void {
  if (schema === true) return;
  if (!isSchema(schema)) throw new GrammarError(name, 'must be a JSON Schema object');
  if (depth > DEPTH_MAX) {
    throw new GrammarError(name, `is nested deeper than ${DEPTH_MAX} schemas`);
  }
  places.set(schema, name);
  if (places.size > SCHEMAS_MAX) {
    throw new GrammarError(
      name,
      `is one of more than ${SCHEMAS_MAX} schemas, the most there may be`,
    );
  }
  checkForm(schema, name);
  checkLists(schema, name);
  checkValues(schema, name);
  checkNumbers(schema, name);
  checkText(schema, name);
  checkArray(schema, name);
  checkObject(schema, name);
  for (const [inside, inner] of innerSchemas(schema)) {
    checkEach(inner, `${name}.${inside}`, depth + 1, places);
  }
}

/** One form, and the keywords of its types alone. */
function checkForm(schema: Schema, name: string): void {
  const keywords = Object.keys(schema).filter((keyword) => !ANNOTATIONS.includes(keyword));
  const form = Object.keys(FORMS).find((key): key is keyof typeof FORMS => key in schema);
  if (form === undefined) {
    if (keywords.length === 0) return;
    throw new GrammarError(name, `must say type, enum, const, anyOf or $ref beside ${keywords[0]}`);
  }
  const allowed: string[] = [form, ...FORMS[form]];
  if (form === 'type') {
    for (const type of typesOf(schema)) {
      const isType = typeof type === 'string' && Object.hasOwn(KEYWORDS_OF_TYPE, type);
      const known = isType ? KEYWORDS_OF_TYPE[type] : undefined;
      if (!known) {
        throw new GrammarError(
          `${name}.type`,
          `must be of ${Object.keys(KEYWORDS_OF_TYPE).join(', ')}`,
        );
      }
      allowed.push(...known);
    }
  }
  const stranger = keywords.find((keyword) => !allowed.includes(keyword));
  if (stranger !== undefined) {
    throw new GrammarError(`${name}.${stranger}`, `is not supported beside ${form}`);
  }
}

function checkLists(schema: Schema, name: string): void {
  for (const keyword of ['anyOf', 'type', 'prefixItems']) {
    const listed = schema[keyword];
    if (listed === undefined || (keyword === 'type' && !Array.isArray(listed))) continue;
    if (!Array.isArray(listed)) throw new GrammarError(`${name}.${keyword}`, 'must be a list');
    if (listed.length > 0 || keyword === 'prefixItems') continue;
    throw new GrammarError(`${name}.${keyword}`, 'must not be empty: it allows nothing');
  }
}

function checkValues(schema: Schema, name: string): void {
  for (const keyword of ['const', 'enum']) {
    if (keyword in schema) requireExact(schema[keyword], `${name}.${keyword}`);
  }
  const types = typesOf(schema);
  const isStranger = (value: unknown) => types.length > 0 && !isOfType(value, types);
  if ('const' in schema && isStranger(schema['const'])) {
    throw new GrammarError(`${name}.const`, 'must be of the type beside it');
  }
  const values = schema['enum'];
  if (values === undefined) return;
  if (!Array.isArray(values) || values.length === 0 || values.length > ENUM_VALUES_MAX) {
    throw new GrammarError(`${name}.enum`, `must be a list of 1 to ${ENUM_VALUES_MAX} values`);
  }
  const stranger = values.findIndex(isStranger);
  if (stranger >= 0)
    throw new GrammarError(`${name}.enum.${stranger}`, 'must be of the type beside it');
}

function checkNumbers(schema: Schema, name: string): void {
  for (const [keyword, most] of Object.entries(COUNTS)) {
    const value = schema[keyword];
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
      throw new GrammarError(`${name}.${keyword}`, `must be a whole number between 0 and ${most}`);
    }
  }
  for (const keyword of KEYWORDS_OF_TYPE['number'] ?? []) {
    const value = schema[keyword];
    if (value !== undefined && (typeof value !== 'number' || !Number.isFinite(value))) {
      throw new GrammarError(`${name}.${keyword}`, 'must be a number');
    }
  }
  for (const [low, high] of [
    ['minLength', 'maxLength'],
    ['minItems', 'maxItems'],
    ['minimum', 'maximum'],
  ] as const) {
    const [least, most] = [schema[low], schema[high]];
    if (typeof least === 'number' && typeof most === 'number' && least > most) {
      throw new GrammarError(`${name}.${low}`, `must not exceed ${high}`);
    }
  }
}

function checkText(schema: Schema, name: string): void {
  const { pattern, format } = schema;
  if (format !== undefined && (typeof format !== 'string' || !FORMATS.includes(format))) {
    throw new GrammarError(`${name}.format`, `must be one of ${FORMATS.join(', ')}`);
  }
  const lengths = ['minLength', 'maxLength'].filter((keyword) => keyword in schema);
  const chosen = [...(pattern === undefined ? [] : ['pattern']), ...(format ? ['format'] : [])];
  if (chosen.length + Math.min(1, lengths.length) > 1) {
    throw new GrammarError(
      `${name}.${chosen[0]}`,
      'stands alone: no length and no other form beside it',
    );
  }
  if (pattern !== undefined && typeof pattern !== 'string') {
    throw new GrammarError(`${name}.pattern`, 'must be a text');
  }
}

function checkArray(schema: Schema, name: string): void {
  const { prefixItems, items, minItems } = schema;
  const prefix = Array.isArray(prefixItems) ? prefixItems.length : 0;
  const isClosed = items === false || (prefix > 0 && items === undefined);
  if (isClosed && typeof minItems === 'number' && minItems > prefix) {
    throw new GrammarError(
      `${name}.minItems`,
      `must not exceed the ${prefix} items that prefixItems lists, as items allows no others`,
    );
  }
}

function checkObject(schema: Schema, name: string): void {
  const { properties, required } = schema;
  if (properties !== undefined && !isSchema(properties)) {
    throw new GrammarError(`${name}.properties`, 'must be an object of schemas');
  }
  if (required === undefined) return;
  if (!Array.isArray(required))
    throw new GrammarError(`${name}.required`, 'must be a list of names');
  for (const [index, property] of required.entries()) {
    if (typeof property !== 'string' || !Object.hasOwn(properties ?? {}, property)) {
      throw new GrammarError(`${name}.required.${index}`, 'must name one of properties');
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

/** A whole number past 2^53 has lost digits before it is seen here, and JSON readers do not agree on it. */
function requireExact(root: unknown, name: string): void {
  for (const { value, place } of valuesBelow(root, name)) {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) continue;
    if (Number.isFinite(value) && !Number.isInteger(value)) continue;
    throw new GrammarError(
      place,
      `must be a whole number within ${Number.MAX_SAFE_INTEGER}, as larger ones lose digits. Write it as text`,
    );
  }
}
