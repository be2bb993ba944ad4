import { GrammarError } from '../grammar-error.ts';
import type { Node } from '../node.ts';
import type { Work } from '../work.ts';
import { Alternatives } from './alternatives.ts';
import { checkSchema } from './check-schema.ts';
import { parseExactJson } from './exact-json.ts';
import { schemaNode } from './schema-node.ts';
import { valuesBelow } from './values-below.ts';

/** Levels of any value in the text, including keywords that do not restrict the answer. */
const LEVELS_MAX = 100;
const CHARACTERS_PER_STEP = 8;

/**
 * Reads the text of a JSON Schema. Throws `GrammarError`, which names the field that cannot be
 * enforced.
 */
export function parseSchema(text: string, work: Work): Node {
  const { field } = work;
  const root = parseJson(text, field);
  work.spend(Math.ceil(text.length / CHARACTERS_PER_STEP));
  for (const { depth } of valuesBelow(root, field)) {
    if (depth > LEVELS_MAX) {
      throw new GrammarError(field, `is nested deeper than ${LEVELS_MAX} levels`);
    }
  }
  return schemaNode(root, new Alternatives(checkSchema(root, field), work));
}

function parseJson(text: string, field: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    throw new GrammarError(field, 'is not JSON');
  }
}
