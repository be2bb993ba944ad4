import { Automaton, type State } from './automaton.ts';
import { findEmpty } from './find-empty.ts';
import { GrammarError } from './grammar-error.ts';
import type { Node } from './node.ts';
import { type OutputGrammar, PLACE_OF } from './output-grammar.ts';
import { character } from './regex/characters.ts';
import { parseRegex } from './regex/parse-regex.ts';
import { JSON_NODE } from './schema/any-json.ts';
import { parseSchema } from './schema/parse-schema.ts';
import { Work } from './work.ts';

/** At most some 60 ms on a slow core. The same at the API's door and in the engine, so that what the one takes the other takes. */
const OPEN_STEPS_MAX = 150_000;

/**
 * The answers that a grammar allows, each of which has an end, and the steps that it took to read
 * them. Throws `GrammarError` with the place that cannot be followed.
 */
export function openGrammar(given: OutputGrammar): { automaton: Automaton; steps: number } {
  const place = PLACE_OF[given.kind];
  const work = new Work(OPEN_STEPS_MAX, 'read', place);
  const root = nodeOf(given, work);
  const empty = findEmpty(root, work);
  if (empty) {
    throw new GrammarError(
      empty.place ?? place,
      'allows no text that ends: leave it out, or give a way to stop',
    );
  }
  work.place = place;
  const automaton = new Automaton(root, place);
  lookAhead(automaton, automaton.start, work);
  return { automaton, steps: work.spent };
}

/** States that a text reaches in its first characters; what cannot be followed mostly shows there. */
const STATES_AHEAD = 32;

function lookAhead(automaton: Automaton, start: State, work: Work): void {
  const seen = new Set([start]);
  for (const state of seen) {
    for (const from of new Set(state.leaves.map((leaf) => leaf.from))) {
      if (seen.size >= STATES_AHEAD) return;
      const edge = automaton.next(state, from);
      work.spend(edge?.steps ?? 1);
      if (edge) seen.add(edge.to);
    }
  }
}

function nodeOf(given: OutputGrammar, work: Work): Node {
  switch (given.kind) {
    case 'json':
      return JSON_NODE;
    case 'regex':
      return parseRegex(given.pattern, character, work);
    case 'json_schema':
      return parseSchema(given.schema, work);
  }
}
