import { EngineError } from '../engine-error.ts';
import { ALL_CHARACTERS, character, exclude, intersect, type Range } from './characters.ts';
import {
  choice,
  EMPTY,
  literal,
  type Node,
  optional,
  repeat,
  separated,
  sequence,
} from './node.ts';
import { type Bounds, integerNode, numberNode } from './number-node.ts';
import { parseRegex } from './parse-regex.ts';

type Schema = Readonly<Record<string, unknown>>;

// JSON on one line, as Python writes it: what a model has seen most, and no tokens for indentation.
const COMMA = literal(', ');
const COLON = literal(': ');
const QUOTE = literal('"');

/** Written as themselves inside a string. */
const PLAIN = exclude(ALL_CHARACTERS, [
  [0, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
]);
const SHORT_ESCAPES: readonly (readonly [number, string])[] = [
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
];

/** One character of any string; a surrogate that is written out could stand alone, so it is none. */
const ANY_CHARACTER = writeEscaped([[1, 0x10ffff]]);
const ANY_STRING = stringOf(repeat(ANY_CHARACTER, 0, Number.POSITIVE_INFINITY));

const FORMAT_PATTERNS: Readonly<Record<string, string>> = (() => {
  const date =
    '(?:19|20)\\d\\d-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))';
  const time =
    '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?(?:Z|[+-](?:0\\d|1[0-4]):[0-5]\\d)';
  const name = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?';
  return {
    date,
    time,
    'date-time': `${date}T${time}`,
    email: `[A-Za-z0-9_+-]{1,32}(?:\\.[A-Za-z0-9_+-]{1,32}){0,3}@${name}(?:\\.${name}){1,3}`,
    uuid: '[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
  };
})();

const ANY_VALUE: Node = choice(
  { kind: 'rule', open: () => ANY_OBJECT },
  { kind: 'rule', open: () => ANY_ARRAY },
  ANY_STRING,
  numberNode(undefined) ?? EMPTY,
  literal('true'),
  literal('false'),
  literal('null'),
);
const ANY_OBJECT = objectOf(member(ANY_STRING, ANY_VALUE));
const ANY_ARRAY = arrayOf(ANY_VALUE, 0, Number.POSITIVE_INFINITY);

/** Any object or list. */
export const JSON_NODE: Node = choice(ANY_OBJECT, ANY_ARRAY);

/**
 * A value of a JSON Schema, on one line with `, ` and `: `. Properties come in the schema's order, and
 * none that it does not name; where it names none, any of `additionalProperties`. Throws
 * `EngineError('input')` naming the place that cannot be followed.
 */
export function schemaNode(root: unknown): Node {
  const rules = new Map<Schema, Node>();
  return nodeOf(root, 'schema');

  function nodeOf(schema: unknown, place: string): Node {
    if (schema === true) return ANY_VALUE;
    if (!isSchema(schema)) throw refuse(place, 'must be a JSON Schema object');
    const known = rules.get(schema);
    if (known) return known;
    let opened: Node | undefined;
    // A schema may contain itself, so it stands for what it will be.
    rules.set(schema, { kind: 'rule', open: () => opened ?? EMPTY });
    opened = formNode(schema, place);
    return opened;
  }

  function formNode(schema: Schema, place: string): Node {
    const { $ref, anyOf, type } = schema;
    if (typeof $ref === 'string') return nodeOf(referenced($ref, place), $ref);
    if ('const' in schema) return literal(JSON.stringify(schema['const']));
    if (Array.isArray(schema['enum'])) {
      return choice(...schema['enum'].map((value: unknown) => literal(JSON.stringify(value))));
    }
    if (Array.isArray(anyOf)) {
      return choice(...anyOf.map((option, index) => nodeOf(option, `${place}.anyOf.${index}`)));
    }
    if (type === undefined) return ANY_VALUE;
    const types: unknown[] = Array.isArray(type) ? type : [type];
    return choice(...types.map((name) => typeNode(name, schema, place)));
  }

  function typeNode(type: unknown, schema: Schema, place: string): Node {
    switch (type) {
      case 'null':
        return literal('null');
      case 'boolean':
        return choice(literal('true'), literal('false'));
      case 'integer':
      case 'number': {
        const bounds = boundsOf(schema);
        const node = type === 'integer' ? integerNode(bounds) : numberNode(bounds);
        if (!node) throw refuse(place, 'allows no number that can be written in digits');
        return node;
      }
      case 'string':
        return stringNode(schema, place);
      case 'array':
        return arrayNode(schema, place);
      case 'object':
        return objectNode(schema, place);
      default:
        throw refuse(`${place}.type`, 'is not a type of JSON Schema');
    }
  }

  function referenced(reference: string, place: string): unknown {
    let target: unknown = root;
    for (const step of reference.split('/').slice(1)) {
      target = isSchema(target) && Object.hasOwn(target, step) ? target[step] : undefined;
    }
    if (!isSchema(target)) throw refuse(`${place}.$ref`, 'names no schema');
    return target;
  }

  function arrayNode(schema: Schema, place: string): Node {
    const { prefixItems, items } = schema;
    const min = countOf(schema['minItems'], 0);
    const max = countOf(schema['maxItems'], Number.POSITIVE_INFINITY);
    const isOpen = items !== false;
    const rest = isOpen && items !== undefined ? nodeOf(items, `${place}.items`) : ANY_VALUE;
    if (!Array.isArray(prefixItems)) return arrayOf(rest, min, isOpen ? max : 0);

    const prefix = prefixItems.map((item, index) => nodeOf(item, `${place}.prefixItems.${index}`));
    // Without a word about the rest there is none: it could be anything, for ever.
    const restMax = items === undefined || !isOpen ? 0 : max - prefix.length;
    return sequence(literal('['), listOf(prefix, 0, { min, max, rest, restMax }), literal(']'));
  }

  function listOf(
    prefix: readonly Node[],
    at: number,
    limits: { min: number; max: number; rest: Node; restMax: number },
  ): Node {
    const { min, max, rest, restMax } = limits;
    const comma = at === 0 ? EMPTY : COMMA;
    const item = prefix[at];
    if (item === undefined) {
      const least = Math.max(0, min - at);
      if (at > 0) return repeat(sequence(COMMA, rest), least, Math.max(0, restMax));
      return EMPTY;
    }
    if (at >= max) return EMPTY;
    const taken = sequence(comma, item, listOf(prefix, at + 1, limits));
    return at >= min ? optional(taken) : taken;
  }

  function objectNode(schema: Schema, place: string): Node {
    const { properties, additionalProperties } = schema;
    const names = Object.keys(isSchema(properties) ? properties : {});
    if (names.length === 0) {
      if (additionalProperties === false) return literal('{}');
      const value =
        additionalProperties === undefined
          ? ANY_VALUE
          : nodeOf(additionalProperties, `${place}.additionalProperties`);
      return objectOf(member(ANY_STRING, value));
    }
    const required = Array.isArray(schema['required']) ? schema['required'] : [];
    // From the last to the first: what may follow a property, with and without one before it.
    let first: Node = EMPTY;
    let later: Node = EMPTY;
    for (const name of names.toReversed()) {
      const value = nodeOf(
        isSchema(properties) ? properties[name] : true,
        `${place}.properties.${name}`,
      );
      const pair = member(literal(JSON.stringify(name)), value);
      const starts = sequence(pair, later);
      const goesOn = sequence(COMMA, pair, later);
      first = required.includes(name) ? starts : choice(starts, first);
      later = required.includes(name) ? goesOn : choice(goesOn, later);
    }
    return sequence(literal('{'), first, literal('}'));
  }
}

function stringNode(schema: Schema, place: string): Node {
  const { pattern, format } = schema;
  const written = typeof format === 'string' ? FORMAT_PATTERNS[format] : pattern;
  if (typeof written === 'string')
    return stringOf(parseRegex(written, `${place}.pattern`, writeEscaped));

  const min = countOf(schema['minLength'], 0);
  const max = countOf(schema['maxLength'], Number.POSITIVE_INFINITY);
  return stringOf(repeat(ANY_CHARACTER, min, max));
}

/** A set of characters as it is written inside a JSON string. */
function writeEscaped(ranges: readonly Range[]): Node {
  const escapes = SHORT_ESCAPES.filter(([code]) => intersect(ranges, [[code, code]]).length > 0);
  const plain = intersect(ranges, PLAIN);
  // The control characters without a short escape are left out: nobody asks a model for them.
  return choice(
    ...(plain.length > 0 ? [character(plain)] : []),
    ...escapes.map(([, written]) => literal(written)),
  );
}

function boundsOf(schema: Schema): Bounds | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const lows = [minimum, exclusiveMinimum].filter((value) => typeof value === 'number');
  const highs = [maximum, exclusiveMaximum].filter((value) => typeof value === 'number');
  if (lows.length + highs.length === 0) return undefined;
  const min = Math.max(Number.NEGATIVE_INFINITY, ...lows);
  const max = Math.min(Number.POSITIVE_INFINITY, ...highs);
  return { min, max, excludesMin: min === exclusiveMinimum, excludesMax: max === exclusiveMaximum };
}

function stringOf(characters: Node): Node {
  return sequence(QUOTE, characters, QUOTE);
}

function member(name: Node, value: Node): Node {
  return sequence(name, COLON, value);
}

function objectOf(pair: Node): Node {
  const pairs = separated(pair, COMMA, 1, Number.POSITIVE_INFINITY);
  return sequence(literal('{'), optional(pairs), literal('}'));
}

function arrayOf(item: Node, min: number, max: number): Node {
  const items = max === 0 ? EMPTY : separated(item, COMMA, Math.max(1, min), max);
  return sequence(literal('['), min === 0 ? optional(items) : items, literal(']'));
}

function countOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(place: string, problem: string): EngineError {
  return new EngineError('input', `response_format: ${place} ${problem}.`);
}
