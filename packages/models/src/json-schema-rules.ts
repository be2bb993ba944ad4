/**
 * The part of JSON Schema that an answer can be held to, token by token. A keyword outside it is
 * refused, because a schema that is followed in part is worse than none: its caller would trust it.
 */
import { RunfleetError } from '@runfleet/protocol';

import { regexProblem } from './regex-problem.ts';

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

/** Formats that the grammar follows; any other is refused rather than left out. */
const FORMATS = ['date', 'date-time', 'time', 'email', 'uuid'];

const COUNTS = {
  minLength: LENGTH_MAX,
  maxLength: LENGTH_MAX,
  minItems: ITEMS_MAX,
  maxItems: ITEMS_MAX,
} as const;

type Schema = Readonly<Record<string, unknown>>;
type Walk = { root: Schema; count: number };

/** Throws `invalid_request` naming the place in the schema that cannot be followed. */
export function checkJsonSchema(schema: Schema, name: string): void {
  checkSchema(schema, name, 0, { root: schema, count: 0 });
}

function checkSchema(schema: unknown, name: string, depth: number, walk: Walk): void {
  if (schema === true) return;
  if (!isObject(schema)) throw invalid(name, 'must be a JSON Schema object');
  if (depth > DEPTH_MAX) throw invalid(name, `is nested deeper than ${DEPTH_MAX} schemas`);
  walk.count += 1;
  if (walk.count > SCHEMAS_MAX) {
    throw invalid(name, `is one of more than ${SCHEMAS_MAX} schemas, the most there may be`);
  }

  checkForm(schema, name);
  checkReference(schema, name, walk.root);
  checkValues(schema, name);
  checkNumbers(schema, name);
  checkText(schema, name);
  checkObject(schema, name);
  for (const [place, inner] of innerSchemas(schema)) {
    checkSchema(inner, `${name}.${place}`, depth + 1, walk);
  }
}

/** One form, and the keywords of its types alone. */
function checkForm(schema: Schema, name: string): void {
  const keywords = Object.keys(schema).filter((keyword) => !ANNOTATIONS.includes(keyword));
  const form = Object.keys(FORMS).find((key): key is keyof typeof FORMS => key in schema);
  if (form === undefined) {
    if (keywords.length === 0) return;
    throw invalid(name, `must say type, enum, const, anyOf or $ref beside ${keywords[0]}`);
  }
  const allowed: string[] = [form, ...FORMS[form]];
  if (form === 'type') {
    for (const type of typesOf(schema)) {
      const known = typeof type === 'string' ? KEYWORDS_OF_TYPE[type] : undefined;
      if (!known) {
        throw invalid(`${name}.type`, `must be of ${Object.keys(KEYWORDS_OF_TYPE).join(', ')}`);
      }
      allowed.push(...known);
    }
  }
  const stranger = keywords.find((keyword) => !allowed.includes(keyword));
  if (stranger !== undefined) {
    throw invalid(`${name}.${stranger}`, `is not supported beside ${form}`);
  }
}

function checkReference(schema: Schema, name: string, root: Schema): void {
  const reference = schema['$ref'];
  if (reference === undefined || reference === '#') return;
  const steps = typeof reference === 'string' ? /^#\/(.+)$/u.exec(reference)?.[1] : undefined;
  let target: unknown = root;
  for (const step of steps?.split('/') ?? ['']) {
    target = isObject(target) && Object.hasOwn(target, step) ? target[step] : undefined;
  }
  if (!isObject(target)) throw invalid(`${name}.$ref`, 'must name a schema of this one, from #/');
}

function checkValues(schema: Schema, name: string): void {
  const types = typesOf(schema);
  const isStranger = (value: unknown) => types.length > 0 && !isOfType(value, types);
  if ('const' in schema && isStranger(schema['const'])) {
    throw invalid(`${name}.const`, 'must be of the type beside it');
  }
  const values = schema['enum'];
  if (values === undefined) return;
  if (!Array.isArray(values) || values.length === 0 || values.length > ENUM_VALUES_MAX) {
    throw invalid(`${name}.enum`, `must be a list of 1 to ${ENUM_VALUES_MAX} values`);
  }
  const stranger = values.findIndex(isStranger);
  if (stranger >= 0) throw invalid(`${name}.enum.${stranger}`, 'must be of the type beside it');
}

function checkNumbers(schema: Schema, name: string): void {
  for (const [keyword, most] of Object.entries(COUNTS)) {
    const value = schema[keyword];
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
      throw invalid(`${name}.${keyword}`, `must be a whole number between 0 and ${most}`);
    }
  }
  for (const keyword of KEYWORDS_OF_TYPE['number'] ?? []) {
    const value = schema[keyword];
    if (value !== undefined && (typeof value !== 'number' || !Number.isFinite(value))) {
      throw invalid(`${name}.${keyword}`, 'must be a number');
    }
  }
  for (const [low, high] of [
    ['minLength', 'maxLength'],
    ['minItems', 'maxItems'],
    ['minimum', 'maximum'],
  ] as const) {
    const [least, most] = [schema[low], schema[high]];
    if (typeof least === 'number' && typeof most === 'number' && least > most) {
      throw invalid(`${name}.${low}`, `must not exceed ${high}`);
    }
  }
}

function checkText(schema: Schema, name: string): void {
  const { pattern, format } = schema;
  if (format !== undefined && (typeof format !== 'string' || !FORMATS.includes(format))) {
    throw invalid(`${name}.format`, `must be one of ${FORMATS.join(', ')}`);
  }
  const lengths = ['minLength', 'maxLength'].filter((keyword) => keyword in schema);
  const chosen = [...(pattern === undefined ? [] : ['pattern']), ...(format ? ['format'] : [])];
  if (chosen.length + Math.min(1, lengths.length) > 1) {
    throw invalid(`${name}.${chosen[0]}`, 'stands alone: no length and no other form beside it');
  }
  if (pattern === undefined) return;
  if (typeof pattern !== 'string') throw invalid(`${name}.pattern`, 'must be a text');
  const problem = regexProblem(pattern);
  if (problem !== null) throw invalid(`${name}.pattern`, problem);
}

function checkObject(schema: Schema, name: string): void {
  const { properties, required } = schema;
  if (properties !== undefined && !isObject(properties)) {
    throw invalid(`${name}.properties`, 'must be an object of schemas');
  }
  if (required === undefined) return;
  if (!Array.isArray(required)) throw invalid(`${name}.required`, 'must be a list of names');
  for (const [index, property] of required.entries()) {
    if (typeof property !== 'string' || !Object.hasOwn(properties ?? {}, property)) {
      throw invalid(`${name}.required.${index}`, 'must name one of properties');
    }
  }
}

function innerSchemas(schema: Schema): [string, unknown][] {
  const inner: [string, unknown][] = [];
  for (const keyword of ['properties', '$defs', 'definitions']) {
    const named = schema[keyword];
    if (!isObject(named)) continue;
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

function typesOf(schema: Schema): unknown[] {
  const { type } = schema;
  if (type === undefined) return [];
  return Array.isArray(type) ? type : [type];
}

function isOfType(value: unknown, types: readonly unknown[]): boolean {
  if (value === null) return types.includes('null');
  if (Array.isArray(value)) return types.includes('array');
  return types.includes(typeof value) || (Number.isInteger(value) && types.includes('integer'));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(name: string, problem: string): RunfleetError {
  return new RunfleetError('invalid_request', `Request parameter [${name}] ${problem}`);
}
