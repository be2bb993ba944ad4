/**
 * The form of a schema: every keyword is known, and its value looks as it must. A keyword that is
 * not known is refused: a caller would trust a schema that is enforced only in part.
 */
import { GrammarError } from '../grammar-error.ts';
import { ANNOTATIONS, KEYWORDS, REFUSED, type Shape } from './keywords.ts';
import { References } from './references.ts';
import { isSchema, type Schema, TYPE_NAMES } from './schema.ts';
import { FORMAT_PATTERNS } from './string-formats.ts';
import { valuesBelow } from './values-below.ts';

const DEPTH_MAX = 16;
const SCHEMAS_MAX = 1_000;
const ENUM_VALUES_MAX = 5_000;
/** Of `minLength` and the other counts. */
const COUNT_MAX = 10_000;
const ITEMS_MAX = 1_000;
const SMALLER_COUNTS: readonly string[] = ['minItems', 'maxItems', 'minContains', 'maxContains'];

export type CheckedSchema = {
  /** Every schema of the text with its field in the request. */
  readonly fields: Map<unknown, string>;
  readonly references: References;
  readonly usesUnevaluated: boolean;
};

/** Throws `GrammarError`, which names the field that cannot be enforced. */
export function checkSchema(root: unknown, field: string): CheckedSchema {
  const fields = new Map<unknown, string>();
  const references = new References(fields);
  let usesUnevaluated = false;
  visit(root, field, 0, undefined);
  for (const schema of fields.keys()) {
    for (const keyword of ['$ref', '$dynamicRef'] as const) {
      if (isSchema(schema) && keyword in schema) references.find(schema, keyword);
    }
  }
  return { fields, references, usesUnevaluated };

  function visit(schema: unknown, at: string, depth: number, outer: string | undefined): void {
    if (typeof schema === 'boolean') return;
    if (!isSchema(schema)) throw new GrammarError(at, 'must be a JSON Schema object');
    if (depth > DEPTH_MAX) {
      throw new GrammarError(at, `is nested deeper than ${DEPTH_MAX} schemas`);
    }
    fields.set(schema, at);
    if (fields.size > SCHEMAS_MAX) {
      throw new GrammarError(at, `exceeds the limit of ${SCHEMAS_MAX} schemas`);
    }
    const base = references.add(schema, outer);
    for (const [name, value] of Object.entries(schema)) checkKeyword(schema, name, value, at);
    usesUnevaluated ||= 'unevaluatedItems' in schema || 'unevaluatedProperties' in schema;
    for (const { holder, key, path, inner } of innerSchemas(schema)) {
      if (typeof inner === 'boolean') references.addBoolean(holder, key);
      visit(inner, `${at}.${path}`, depth + 1, base);
    }
  }
}

function checkKeyword(schema: Schema, name: string, value: unknown, field: string): void {
  if (ANNOTATIONS.includes(name)) return;
  const at = `${field}.${name}`;
  const keyword = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
  if (!keyword) {
    const reason = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
    throw new GrammarError(at, reason ?? 'is not supported');
  }
  checkShape(keyword.shape, value, at, SMALLER_COUNTS.includes(name) ? ITEMS_MAX : COUNT_MAX);
  if (name === 'const' || name === 'enum') requireExact(value, at);
  if (name === 'format' && !Object.hasOwn(FORMAT_PATTERNS, String(value))) {
    throw new GrammarError(at, `must be one of ${Object.keys(FORMAT_PATTERNS).join(', ')}`);
  }
  const high = HIGHER[name];
  const most = high === undefined ? undefined : schema[high];
  if (high !== undefined && typeof value === 'number' && typeof most === 'number' && value > most) {
    throw new GrammarError(at, `must not exceed ${high}`);
  }
}

const HIGHER: Readonly<Record<string, string>> = {
  minLength: 'maxLength',
  minItems: 'maxItems',
  minProperties: 'maxProperties',
  minimum: 'maximum',
};

function checkShape(shape: Shape, value: unknown, field: string, countMax: number): void {
  switch (shape) {
    case 'any':
    case 'schema':
      return;
    case 'schemas':
      if (!Array.isArray(value)) throw new GrammarError(field, 'must be a list');
      if (value.length > 0 || field.endsWith('.prefixItems')) return;
      throw new GrammarError(field, 'must not be empty');
    case 'named schemas':
      if (isSchema(value)) return;
      throw new GrammarError(field, 'must be an object of schemas');
    case 'names':
      return checkNames(value, field);
    case 'names by name':
      if (!isSchema(value)) throw new GrammarError(field, 'must be an object of lists');
      for (const [name, names] of Object.entries(value)) checkNames(names, `${field}.${name}`);
      return;
    case 'count':
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= countMax)
        return;
      throw new GrammarError(field, `must be a whole number between 0 and ${countMax}`);
    case 'number':
      if (isNumber(value)) return;
      throw new GrammarError(field, 'must be a number');
    case 'positive number':
      if (isNumber(value) && value > 0) return;
      throw new GrammarError(field, 'must be a number above 0');
    case 'text':
      if (typeof value === 'string') return;
      throw new GrammarError(field, 'must be a string');
    case 'flag':
      if (typeof value === 'boolean') return;
      throw new GrammarError(field, 'must be true or false');
    case 'type':
      return checkType(value, field);
    case 'values':
      if (Array.isArray(value) && value.length > 0 && value.length <= ENUM_VALUES_MAX) return;
      throw new GrammarError(field, `must be a list of 1 to ${ENUM_VALUES_MAX} values`);
  }
}

function checkNames(value: unknown, field: string): void {
  if (!Array.isArray(value)) throw new GrammarError(field, 'must be a list of names');
  const other = value.findIndex((name) => typeof name !== 'string');
  if (other >= 0) throw new GrammarError(`${field}.${other}`, 'must be a name');
}

function checkType(value: unknown, field: string): void {
  if (Array.isArray(value) && value.length === 0) {
    throw new GrammarError(field, 'must not be empty: it allows nothing');
  }
  for (const name of Array.isArray(value) ? value : [value]) {
    if (typeof name === 'string' && TYPE_NAMES.includes(name)) continue;
    throw new GrammarError(field, `must be one of ${TYPE_NAMES.join(', ')}`);
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value));
}

type Inner = { holder: unknown; key: string; path: string; inner: unknown };

function innerSchemas(schema: Schema): Inner[] {
  return Object.entries(schema).flatMap(([name, value]): Inner[] => {
    const shape = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name]?.shape : undefined;
    if (shape === 'schema') return [{ holder: schema, key: name, path: name, inner: value }];
    if (shape !== 'schemas' && shape !== 'named schemas') return [];
    return Object.entries(value as object).map(([key, inner]) => ({
      holder: value,
      key,
      path: `${name}.${key}`,
      inner,
    }));
  });
}

/**
 * A whole number above 2^53 has lost digits unless the text was read exactly, and JSON parsers
 * disagree about the rest.
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
