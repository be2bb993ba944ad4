import { GrammarError } from '../grammar-error.ts';
import { choice, EMPTY, literal, type Node, NOTHING, optional, repeat, sequence } from '../node.ts';
import type { Part, SchemaReader } from './alternative.ts';
import { finiteValues } from './finite-values.ts';
import { isVoid } from './is-void.ts';
import { arrayOf, COMMA } from './json-parts.ts';
import { limitOf, prefixLengthOf, schemasOfItem, valuesOf } from './members.ts';
import { uniqueItems } from './unique-items.ts';

/** The node of a value that matches all of these schemas. */
export type NodeOf = (schemas: readonly unknown[], field: string) => Node;

const INFINITY = Number.POSITIVE_INFINITY;
const VOID_DEPTH = 2;

/** A list under the keywords of all parts. */
export function arrayNode(
  parts: readonly Part[],
  all: SchemaReader,
  { field, nodeOf }: { field: string; nodeOf: NodeOf },
): Node {
  const length = prefixLengthOf(parts);
  const schemasAt = (index: number) => schemasOfItem(parts, index, all);
  const nodeAt = (index: number) =>
    nodeOf(schemasAt(index), index < length ? `${field}.prefixItems.${index}` : `${field}.items`);
  const min = limitOf(parts, 'minItems', Math.max, 0);
  let max = limitOf(parts, 'maxItems', Math.min, INFINITY);
  const counted = countedOf(parts);
  // Items that no keyword describes could be anything, without end: as many as must be.
  const isOpen = length === 0 || counted.length > 0 || hasItems(parts);
  if (!isOpen) max = Math.min(max, Math.max(length, min));
  if (schemasAt(length).includes(false)) max = Math.min(max, length);

  if (min > max) return NOTHING;
  if (
    valuesOf(parts, 'uniqueItems').includes(true) &&
    max > 1 &&
    !areDistinct(schemasAt, max, all)
  ) {
    const values =
      length === 0 && counted.length === 0 ? finiteValues(schemasAt(0), all) : undefined;
    if (values) return uniqueItems(values, { min, max, work: all.work });
    throw new GrammarError(
      `${field}.uniqueItems`,
      'needs items from a list of values (enum, const or boolean), without prefixItems and contains',
    );
  }
  if (counted.length > 0)
    return countedItems(counted, { min, max, length, field, schemasAt, nodeOf, all });
  if (length === 0) return arrayOf(max === 0 ? EMPTY : nodeAt(0), min, max);

  // Built from the last item to the first: `list` is what may follow an item.
  const restMax = Math.max(0, max - length);
  let list = repeat(
    restMax === 0 ? NOTHING : sequence(COMMA, nodeAt(length)),
    Math.max(0, min - length),
    restMax,
  );
  for (let at = length - 1; at >= 0; at -= 1) {
    if (at >= max) {
      list = EMPTY;
      continue;
    }
    const taken = sequence(at === 0 ? EMPTY : COMMA, nodeAt(at), list);
    list = at >= min ? optional(taken) : taken;
  }
  return sequence(literal('['), list, literal(']'));
}

function hasItems(parts: readonly Part[]): boolean {
  return parts.some(({ schema, over }) =>
    over ? schema['unevaluatedItems'] !== undefined : schema['items'] !== undefined,
  );
}

/** Whether two items are never equal: they are few, and no value is valid for two of them. */
function areDistinct(
  schemasAt: (index: number) => unknown[],
  max: number,
  all: SchemaReader,
): boolean {
  if (max > DISTINCT_MAX) return false;
  for (let left = 0; left < max; left += 1) {
    for (let right = left + 1; right < max; right += 1) {
      const both = all.ofAll([...schemasAt(left), ...schemasAt(right)]);
      if (!both.every((alternative) => isVoid(alternative, all, VOID_DEPTH))) return false;
    }
  }
  return true;
}
const DISTINCT_MAX = 6;

type Counted = { schema: unknown; min: number; max: number };

function countedOf(parts: readonly Part[]): Counted[] {
  return parts.flatMap(({ schema, over }) => {
    if (over || !('contains' in schema)) return [];
    const min = Number(schema['minContains'] ?? 1);
    const max = Number(schema['maxContains'] ?? INFINITY);
    return min === 0 && max === INFINITY ? [] : [{ schema: schema['contains'], min, max }];
  });
}

type Shape = {
  min: number;
  max: number;
  length: number;
  field: string;
  schemasAt: (index: number) => unknown[];
  nodeOf: NodeOf;
  all: SchemaReader;
};

/**
 * A list in which the items that match each schema of `contains` are counted. An item that may be
 * counted too often is known not to match; others may match without being counted.
 */
function countedItems(counted: readonly Counted[], shape: Shape): Node {
  const { min, max, length, field, schemasAt, nodeOf, all } = shape;
  const indexMax = Number.isFinite(max) ? max : Math.max(min, length);
  const countsMax = counted.map((each) => (each.max === INFINITY ? each.min : each.max + 1));
  const known = new Map<string, Node>();
  return sequence(
    literal('['),
    after(
      0,
      counted.map(() => 0),
    ),
    literal(']'),
  );

  /** What may follow `index` items, of which `counts` match. */
  function after(index: number, counts: readonly number[]): Node {
    const key = `${index},${counts.join()}`;
    const seen = known.get(key);
    if (seen) return seen;
    all.work.spend(1);
    let opened: Node | undefined;
    // The lists may be long: a rule is opened later, not within this call.
    const rule: Node = { kind: 'rule', open: () => (opened ??= options(index, counts)), field };
    known.set(key, rule);
    return rule;
  }

  function options(index: number, counts: readonly number[]): Node {
    const isDone = index >= min && counted.every((each, at) => (counts[at] ?? 0) >= each.min);
    const more = index < max ? sets(counts).map((matches) => item(index, counts, matches)) : [];
    return choice(...(isDone ? [EMPTY] : []), ...more);
  }

  function item(index: number, counts: readonly number[], matches: readonly boolean[]): Node {
    const schemas = [...schemasAt(index)];
    const next = counts.map((count, at) =>
      Math.min(count + (matches[at] ? 1 : 0), countsMax[at] ?? 0),
    );
    if (counted.some((each, at) => (next[at] ?? 0) > each.max)) return NOTHING;
    for (const [at, each] of counted.entries()) {
      if (matches[at]) schemas.push(each.schema);
      else if (each.max !== INFINITY) schemas.push(all.opposite(each.schema));
    }
    const node = nodeOf(schemas, `${field}.contains`);
    const comma = index === 0 ? EMPTY : COMMA;
    return sequence(comma, node, after(Math.min(index + 1, reached(index)), next));
  }

  /** Without a greatest length, the index is counted only as far as it matters. */
  function reached(index: number): number {
    return Number.isFinite(max) ? index + 1 : Math.max(indexMax, 1);
  }
}

function sets(counts: readonly number[]): boolean[][] {
  return Array.from({ length: 2 ** counts.length }, (_, bits) =>
    counts.map((__, at) => ((bits >> at) & 1) === 1),
  );
}
