import { GrammarError } from '../grammar-error.ts';
import { choice, EMPTY, literal, type Node, NOTHING, repeat, sequence } from '../node.ts';
import type { Work } from '../work.ts';
import { accepts } from './accepts.ts';
import type { Part, SchemaReader } from './alternative.ts';
import type { NodeOf } from './array-node.ts';
import { ANY_STRING, COMMA, member } from './json-parts.ts';
import { limitOf, namesOf, schemasOfName, schemasOfOtherNames, valuesOf } from './members.ts';
import { isSchema, TYPE_BITS } from './schema.ts';
import { stringNode } from './string-node.ts';

const PATTERNS_MAX = 5;
const INFINITY = Number.POSITIVE_INFINITY;

/**
 * An object under the keywords of all parts: first the properties that the parts name, in their
 * order, and then others. Others are written only if no part names any, or one speaks of others.
 */
export function objectNode(
  parts: readonly Part[],
  all: SchemaReader,
  { field, nodeOf }: { field: string; nodeOf: NodeOf },
): Node {
  const required = namesOf(parts, 'required');
  const min = limitOf(parts, 'minProperties', Math.max, 0);
  const max = limitOf(parts, 'maxProperties', Math.min, INFINITY);
  const names = namesIn(parts, all);
  const pairs = [...names].map((name): Pair => {
    const schemas = schemasOfName(parts, name, all);
    const isNamed = valuesOf(parts, 'propertyNames').every((schema) =>
      accepts(name, schema, all, { anyFormat: false }),
    );
    const value = nodeOf(isNamed ? schemas : [false], `${field}.properties.${name}`);
    return {
      isRequired: required.has(name),
      isVoid: !isNamed || schemas.includes(false),
      node: member(literal(JSON.stringify(name)), value),
    };
  });
  const possible = pairs.filter(({ isVoid }) => !isVoid).length;
  const other =
    isOpen(parts, names) || min > possible
      ? otherPair(parts, names, all, { field, nodeOf })
      : NOTHING;
  const visible = parts.filter(({ isHidden }) => !isHidden);
  if (limitOf(visible, 'minProperties', Math.max, 0) > possible + 1 && other !== NOTHING) {
    throw new GrammarError(
      `${field}.minProperties`,
      `must not exceed ${possible + 1}: at most one property may have a name that the schema does not list`,
    );
  }
  return sequence(
    literal('{'),
    membersNode(pairs, other, { min, max, work: all.work }),
    literal('}'),
  );
}

type Pair = { isRequired: boolean; isVoid: boolean; node: Node };

/** Every name that a part speaks of, in the order of the parts. */
function namesIn(parts: readonly Part[], all: SchemaReader): Set<string> {
  const names = new Set<string>();
  const visible = [...parts].toSorted(
    (left, right) => Number(left.isHidden) - Number(right.isHidden),
  );
  for (const { schema, over } of visible) {
    if (over) continue;
    for (const name of isSchema(schema['properties']) ? Object.keys(schema['properties']) : []) {
      names.add(name);
    }
  }
  for (const name of namesOf(parts, 'required')) names.add(name);
  for (const schema of valuesOf(parts, 'propertyNames')) {
    const values = all.of(schema).flatMap(({ values: listed }) => listed ?? []);
    for (const value of values) if (typeof value === 'string') names.add(value);
  }
  return names;
}

/** Whether properties that no part names may be written. */
function isOpen(parts: readonly Part[], names: ReadonlySet<string>): boolean {
  const isNaming = parts.some(
    ({ schema, isHidden, over }) =>
      !isHidden && !over && ('properties' in schema || 'required' in schema) && names.size > 0,
  );
  return (
    !isNaming ||
    parts.some(
      ({ schema, over }) =>
        'additionalProperties' in schema ||
        'patternProperties' in schema ||
        (over !== undefined && 'unevaluatedProperties' in schema),
    )
  );
}

/** A property with any other name: for each set of patterns that may occur in it, its own values. */
function otherPair(
  parts: readonly Part[],
  names: ReadonlySet<string>,
  all: SchemaReader,
  { field, nodeOf }: { field: string; nodeOf: NodeOf },
): Node {
  const patterns = [
    ...new Set(
      valuesOf(parts, 'patternProperties').flatMap((named) => Object.keys(named as object)),
    ),
  ];
  if (patterns.length > PATTERNS_MAX) {
    throw new GrammarError(
      `${field}.patternProperties`,
      `may have at most ${PATTERNS_MAX} patterns`,
    );
  }
  const pairs = Array.from({ length: 2 ** patterns.length }, (_, bits): Node => {
    const occurring = patterns.map((pattern, at): [string, boolean] => [
      pattern,
      ((bits >> at) & 1) === 1,
    ]);
    const inside = new Map(occurring);
    const schemas = schemasOfOtherNames(parts, (pattern) => inside.get(pattern) ?? false);
    if (schemas.includes(false)) return NOTHING;
    const name = otherName(parts, names, all, { field, patterns: occurring });
    if (name === NOTHING) return NOTHING;
    const place = patterns.length > 0 && bits > 0 ? 'patternProperties' : 'additionalProperties';
    return member(name, nodeOf(schemas, `${field}.${place}`));
  }).filter((pair) => pair !== NOTHING);
  return pairs.length > 0 ? choice(...pairs) : NOTHING;
}

function otherName(
  parts: readonly Part[],
  names: ReadonlySet<string>,
  all: SchemaReader,
  { field, patterns }: { field: string; patterns: readonly [string, boolean][] },
): Node {
  const limits = valuesOf(parts, 'propertyNames');
  if (limits.length + names.size + patterns.length === 0) return ANY_STRING;
  const nodes = all.ofAll(limits).flatMap((alternative) => {
    // Names that are listed are among `names`.
    if (alternative.values || (alternative.types & TYPE_BITS.string) === 0) return [];
    const place =
      patterns.length > 0 ? 'patternProperties' : limits.length > 0 ? 'propertyNames' : '';
    const at = place === '' ? field : `${field}.${place}`;
    const node = stringNode(alternative.parts, all, at, { without: [...names], patterns });
    return node === NOTHING ? [] : [node];
  });
  return nodes.length > 0 ? choice(...nodes) : NOTHING;
}

/**
 * The pairs in their order, and others after them. Built from the last to the first: what may
 * follow, by the count of pairs so far, as far as the count matters.
 */
function membersNode(
  pairs: readonly Pair[],
  other: Node,
  { min, max, work }: { min: number; max: number; work: Work },
): Node {
  const required = pairs.filter(({ isRequired }) => isRequired).length;
  const isMaxFree = max === INFINITY || (other === NOTHING && max >= pairs.length);
  const countMax = Math.max(
    1,
    min > required || !isMaxFree ? Math.min(max, Math.max(min, pairs.length)) : 1,
  );
  const most = isMaxFree ? INFINITY : max;
  const least = min > required ? min : 0;
  let after = Array.from({ length: countMax + 1 }, (_, count) =>
    othersNode(other, { count, least, most }),
  );
  for (const { isRequired, isVoid, node } of pairs.toReversed()) {
    const later = after;
    work.spend(later.length);
    after = later.map((skipped, count) => {
      const next =
        count + 1 > most || isVoid ? NOTHING : (later[Math.min(count + 1, countMax)] ?? NOTHING);
      const taken = next === NOTHING ? NOTHING : sequence(count === 0 ? EMPTY : COMMA, node, next);
      if (isRequired || skipped === NOTHING) return taken;
      return taken === NOTHING ? skipped : choice(taken, skipped);
    });
  }
  return after[0] ?? NOTHING;
}

function othersNode(
  other: Node,
  { count, least, most }: { count: number; least: number; most: number },
): Node {
  const needed = Math.max(0, least - count);
  const left = most - count;
  // Two properties could have the same name, and then count as one.
  if (needed > 1 || needed > left || left < 0) return NOTHING;
  if (other === NOTHING || left === 0) return needed === 0 ? EMPTY : NOTHING;
  const more = repeat(sequence(COMMA, other), 0, left - 1);
  const some = count === 0 ? sequence(other, more) : sequence(COMMA, other, more);
  return needed === 1 ? some : choice(EMPTY, some);
}
