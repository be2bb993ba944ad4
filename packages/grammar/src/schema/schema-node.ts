import { choice, type Node, NOTHING } from '../node.ts';
import { textChoice } from '../text-choice.ts';
import type { SchemaReader } from './alternative.ts';
import type { Alternative } from './alternative.ts';
import { ANY_VALUE } from './any-json.ts';
import { arrayNode } from './array-node.ts';
import { valuesIn } from './finite-values.ts';
import { numberNode } from './number-node.ts';
import { objectNode } from './object-node.ts';
import { ALL_TYPES, isSchema, TYPE_BITS } from './schema.ts';
import { stringNode } from './string-node.ts';
import { writeValue } from './write-value.ts';

const CHARACTERS_PER_STEP = 8;

/**
 * A value of schemas that `checkSchema` accepted, on one line with `, ` and `: `. Nodes are made
 * when they are first needed, one for each set of schemas that must hold together.
 */
export function schemaNode(roots: readonly unknown[], all: SchemaReader): Node {
  const rules = new Map<string, Node>();
  const ids = new Map<unknown, number>();
  return nodeOf(roots, all.fieldOf(roots[0]));

  function nodeOf(schemas: readonly unknown[], field: string): Node {
    all.work.spend(1 + schemas.length);
    if (schemas.includes(false)) return NOTHING;
    const limiting = new Set(schemas.filter((schema) => schema !== true));
    const [only] = limiting;
    if (limiting.size === 0) return ANY_VALUE;
    const key = [...limiting]
      .map(idOf)
      .toSorted((left, right) => left - right)
      .join();
    const known = rules.get(key);
    if (known) return known;
    const place = limiting.size === 1 && isSchema(only) ? all.fieldOf(only) : field;
    let opened: Node | undefined;
    // A schema may contain itself, so this rule stands for it until its node is needed.
    const rule: Node = {
      kind: 'rule',
      open: () => (opened ??= alternativesNode([...limiting], place)),
      field: place,
    };
    rules.set(key, rule);
    return rule;
  }

  function alternativesNode(schemas: readonly unknown[], field: string): Node {
    all.work.field = field;
    const options = all.ofAll(schemas).flatMap((alternative) => optionsOf(alternative, field));
    return options.length > 0 ? choice(...options) : NOTHING;
  }

  function optionsOf(alternative: Alternative, field: string): Node[] {
    const { types, parts } = alternative;
    if (types === ALL_TYPES && parts.length === 0 && !alternative.values) return [ANY_VALUE];
    const simple = valuesIn(
      alternative.values
        ? alternative
        : { ...alternative, types: types & (TYPE_BITS.null | TYPE_BITS.boolean) },
      all,
    );
    const texts = (simple ?? []).map(writeValue);
    for (const text of texts) all.work.spend(1 + Math.ceil(text.length / CHARACTERS_PER_STEP));
    const nodes = texts.length > 0 ? [textChoice(texts)] : [];
    if (alternative.values) return nodes;

    all.work.field = field;
    if (types & TYPE_BITS.number) nodes.push(numberNode(parts, types, all.work));
    if (types & TYPE_BITS.string) nodes.push(stringNode(parts, all, field));
    if (types & TYPE_BITS.array) nodes.push(arrayNode(parts, all, { field, nodeOf }));
    if (types & TYPE_BITS.object) nodes.push(objectNode(parts, all, { field, nodeOf }));
    return nodes.filter((node) => node !== NOTHING);
  }

  function idOf(schema: unknown): number {
    const id = ids.get(schema) ?? ids.size;
    ids.set(schema, id);
    return id;
  }
}
