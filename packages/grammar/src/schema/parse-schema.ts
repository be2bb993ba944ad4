import { GrammarError } from '../grammar-error.ts';
import type { Node } from '../node.ts';
import type { Work } from '../work.ts';
import { Alternatives } from './alternatives.ts';
import { checkSchema } from './check-schema.ts';
import { parseExactJson } from './exact-json.ts';
import { ANNOTATIONS } from './keywords.ts';
import { schemaNode } from './schema-node.ts';
import { isSchema, type Schema } from './schema.ts';
import { valuesBelow } from './values-below.ts';

/** Levels of any value in the text, including keywords that do not restrict the answer. */
const LEVELS_MAX = 100;
const CHARACTERS_PER_STEP = 8;

/**
 * Reads the text of a JSON Schema. Throws `GrammarError`, which names the field that cannot be
 * enforced.
 */
export function parseSchema(text: string, work: Work): Node {
  const root = readSchema(text, work);
  return schemaNode([root], new Alternatives(checkSchema(root, work.field), work));
}

/**
 * The same for the arguments of a tool: an object. Where the schema lists properties and does not
 * mention others, there are no others: a tool can use only those that it lists.
 */
export function parseArguments(text: string, work: Work): Node {
  const given = readSchema(text, work);
  const root =
    isSchema(given) && isOnlyList(given) ? { ...given, additionalProperties: false } : given;
  const all = new Alternatives(checkSchema(root, work.field), work);
  return schemaNode([root, all.derive({ type: 'object' }, root)], all);
}

/** Whether the schema lists properties in the plainest way, in which no keyword adds others. */
function isOnlyList({ properties, required = [], ...others }: Schema): boolean {
  if (!isSchema(properties) || !Array.isArray(required)) return false;
  if (Object.keys(others).some((key) => key !== 'type' && !LABELS.includes(key))) return false;
  return required.every((name) => Object.hasOwn(properties, String(name)));
}

/** Keywords that may stand beside `properties` and add no other property. */
const LABELS: readonly string[] = [...ANNOTATIONS, '$defs', 'definitions', '$id', '$anchor'];

function readSchema(text: string, work: Work): unknown {
  const { field } = work;
  const root = parseJson(text, field);
  work.spend(Math.ceil(text.length / CHARACTERS_PER_STEP));
  for (const { depth } of valuesBelow(root, field)) {
    if (depth > LEVELS_MAX) {
      throw new GrammarError(field, `is nested deeper than ${LEVELS_MAX} levels`);
    }
  }
  return root;
}

function parseJson(text: string, field: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    throw new GrammarError(field, 'is not JSON');
  }
}
