import { Automaton, type State } from './automaton.ts';
import { callsNode } from './calls/calls-node.ts';
import { fieldOfEmpty, findEmpty } from './find-empty.ts';
import { GrammarError } from './grammar-error.ts';
import type { Node } from './node.ts';
import { type CallsGrammar, type OutputGrammar, FIELD_OF } from './output-grammar.ts';
import { character } from './regex/characters.ts';
import { parseRegex } from './regex/parse-regex.ts';
import { JSON_NODE } from './schema/any-json.ts';
import { parseArguments, parseSchema } from './schema/parse-schema.ts';
import { Work } from './work.ts';

/** 30 to 100 ms on a slow core. */
const OPEN_STEPS_MAX = 150_000;

/**
 * The budget to open a grammar. The API and the engine have the same, so they accept the same
 * grammars. Nothing here is shared between grammars, so `onPause` may open another one.
 */
export function openingWork(given: OutputGrammar, onPause?: () => void): Work {
  return new Work(OPEN_STEPS_MAX, 'read', FIELD_OF[given.kind], onPause);
}

/**
 * The automaton of the answers that a grammar allows, and the steps of work to read the grammar.
 * Every answer that has begun can be ended. Throws `GrammarError`, which names the field that
 * cannot be enforced; `work` then has the steps until there.
 */
export function openGrammar(
  given: OutputGrammar,
  work = openingWork(given),
): { automaton: Automaton; steps: number } {
  const field = FIELD_OF[given.kind];
  if (given.kind === 'calls') return { automaton: openCalls(given, work), steps: work.spent };
  work.field = field;
  return { automaton: openNode(nodeOf(given, work), field, work), steps: work.spent };
}

/** Only the arguments cost steps, so every format costs the same. */
function openCalls(given: CallsGrammar, work: Work): Automaton {
  const empty = new Set<Node>();
  const nodes = given.tools.map(({ parameters, field }) => {
    work.field = field;
    const node = parseArguments(parameters, work);
    for (const each of openNode(node, field, work).empty) empty.add(each);
    return node;
  });
  return new Automaton(callsNode(given, nodes), FIELD_OF.calls, empty);
}

function openNode(root: Node, field: string, work: Work): Automaton {
  const empty = findEmpty(root, work);
  if (empty.has(root)) {
    throw new GrammarError(
      fieldOfEmpty(root, empty) ?? field,
      'allows no finite text: remove it, or add a way to end',
    );
  }
  work.field = field;
  const automaton = new Automaton(root, field, empty);
  lookAhead(automaton, automaton.start, work);
  return automaton;
}

/**
 * States reachable within the first characters. A grammar that is too ambiguous usually shows it
 * there.
 */
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

function nodeOf(given: Exclude<OutputGrammar, CallsGrammar>, work: Work): Node {
  switch (given.kind) {
    case 'json':
      return JSON_NODE;
    case 'regex':
      return parseRegex(given.pattern, character, work);
    case 'json_schema':
      return parseSchema(given.schema, work);
  }
}
