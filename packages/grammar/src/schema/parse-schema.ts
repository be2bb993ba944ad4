import { GrammarError } from '../grammar-error.ts';
import type { Node } from '../node.ts';
import type { Work } from '../work.ts';
import { checkSchema } from './check-schema.ts';
import { findReference } from './references.ts';
import { schemaNode } from './schema-node.ts';
import { valuesBelow } from './values-below.ts';

/** Of anything in the text, also of what says nothing about the answer. */
const LEVELS_MAX = 100;
const CHARACTERS_PER_STEP = 8;

/** Reads a JSON Schema's text. Throws `GrammarError` with the place that cannot be followed. */
export function parseSchema(text: string, work: Work): Node {
  const { place } = work;
  const root = parseJson(text, place);
  work.spend(Math.ceil(text.length / CHARACTERS_PER_STEP));
  for (const { depth } of valuesBelow(root, place)) {
    if (depth > LEVELS_MAX) {
      throw new GrammarError(place, `is nested deeper than ${LEVELS_MAX} levels`);
    }
  }
  const places = checkSchema(root, place);
  return schemaNode(root, { work, resolve: (schema) => findReference(schema, root, places) });
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GrammarError(place, 'is not JSON');
  }
}
