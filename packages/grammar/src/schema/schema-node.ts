import { GrammarError } from '../grammar-error.ts';
import { choice, EMPTY, literal, type Node, optional, repeat, sequence } from '../node.ts';
import type { Work } from '../work.ts';
import { ANY_VALUE } from './any-json.ts';
import { ANY_STRING, arrayOf, COMMA, member, objectOf } from './json-parts.ts';
import { type Bounds, integerNode, numberNode } from './number-node.ts';
import { isSchema, type Schema, typesOf } from './schema.ts';
import { stringNode } from './string-node.ts';

/** Nodes of a number with bounds, for every length and number of decimal places. */
const STEPS_PER_NUMBER = 1_000;

/**
 * A value of a JSON Schema that `checkSchema` accepted, on one line with `, ` and `: `. The
 * properties come in the schema's order, and no others are allowed; if it names none, any that
 * match `additionalProperties`. `resolve` gives the schema that a reference names and its field.
 */
export function schemaNode(
  root: unknown,
  { work, resolve }: { work: Work; resolve: (schema: Schema) => [schema: Schema, field: string] },
): Node {
  const rules = new Map<Schema, Node>();
  return nodeOf(root, work.field);

  function nodeOf(schema: unknown, field: string): Node {
    work.spend(1);
    if (!isSchema(schema)) return ANY_VALUE;
    const known = rules.get(schema);
    if (known) return known;
    let opened: Node = EMPTY;
    // A schema may contain itself, so this rule stands for it until its node exists.
    const rule: Node = { kind: 'rule', open: () => opened, field };
    rules.set(schema, rule);
    opened = formNode(schema, field);
    return rule;
  }

  function formNode(schema: Schema, field: string): Node {
    work.field = field;
    const { $ref, anyOf, type } = schema;
    if ($ref !== undefined) return nodeOf(...resolve(schema));
    if ('const' in schema) return valueNode(schema['const']);
    if (Array.isArray(schema['enum'])) return choice(...schema['enum'].map(valueNode));
    if (Array.isArray(anyOf)) {
      return choice(...anyOf.map((option, index) => nodeOf(option, `${field}.anyOf.${index}`)));
    }
    if (type === undefined) return ANY_VALUE;
    return choice(...typesOf(schema).map((name) => typeNode(name, schema, field)));
  }

  function valueNode(value: unknown): Node {
    work.spend(1);
    return literal(JSON.stringify(value));
  }

  function typeNode(type: unknown, schema: Schema, field: string): Node {
    switch (type) {
      case 'null':
        return literal('null');
      case 'boolean':
        return choice(literal('true'), literal('false'));
      case 'integer':
      case 'number': {
        const bounds = boundsOf(schema);
        if (bounds) work.spend(STEPS_PER_NUMBER);
        const node = type === 'integer' ? integerNode(bounds) : numberNode(bounds);
        if (node) return node;
        throw new GrammarError(field, 'allows no number of at most 15 digits and 4 decimal places');
      }
      case 'string':
        return stringNode(schema, field, work);
      case 'array':
        return arrayNode(schema, field);
      default:
        return objectNode(schema, field);
    }
  }

  function arrayNode(schema: Schema, field: string): Node {
    const { prefixItems, items } = schema;
    const min = countOf(schema['minItems'], 0);
    const max = countOf(schema['maxItems'], Number.POSITIVE_INFINITY);
    const isOpen = items !== false;
    const rest = isOpen && items !== undefined ? nodeOf(items, `${field}.items`) : ANY_VALUE;
    if (!Array.isArray(prefixItems) || prefixItems.length === 0) {
      return arrayOf(rest, min, isOpen ? max : 0);
    }
    const prefix = prefixItems.map((item, index) => nodeOf(item, `${field}.prefixItems.${index}`));
    // Without `items`, no further item is allowed: it could be any value, without a limit.
    const restMax = items === undefined || !isOpen ? 0 : Math.max(0, max - prefix.length);
    const restMin = Math.max(0, min - prefix.length);
    // Built from the last item to the first: `list` is what may follow an item.
    let list = repeat(sequence(COMMA, rest), restMin, restMax);
    for (let at = prefix.length - 1; at >= 0; at -= 1) {
      const taken = sequence(at === 0 ? EMPTY : COMMA, prefix[at] ?? EMPTY, list);
      if (at >= max) list = EMPTY;
      else list = at >= min ? optional(taken) : taken;
    }
    return sequence(literal('['), list, literal(']'));
  }

  function objectNode(schema: Schema, field: string): Node {
    const { properties, additionalProperties } = schema;
    const named = isSchema(properties) ? Object.entries(properties) : [];
    if (named.length === 0) {
      if (additionalProperties === false) return literal('{}');
      const value =
        additionalProperties === undefined
          ? ANY_VALUE
          : nodeOf(additionalProperties, `${field}.additionalProperties`);
      return objectOf(member(ANY_STRING, value));
    }
    const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
    // Built from the last property to the first: what may follow, with and without a property
    // before it.
    let first: Node = EMPTY;
    let later: Node = EMPTY;
    for (const [name, property] of named.toReversed()) {
      const value = nodeOf(property, `${field}.properties.${name}`);
      const pair = member(valueNode(name), value);
      const starts = sequence(pair, later);
      const goesOn = sequence(COMMA, pair, later);
      first = required.has(name) ? starts : choice(starts, first);
      later = required.has(name) ? goesOn : choice(goesOn, later);
    }
    return sequence(literal('{'), first, literal('}'));
  }
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

function countOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
