import { EngineError } from '../engine-error.ts';
import type { OutputGrammar } from '../engine.ts';
import { Automaton, type State } from './automaton.ts';
import { character } from './characters.ts';
import { JSON_NODE, schemaNode } from './json-node.ts';
import type { Node } from './node.ts';
import { parseRegex } from './parse-regex.ts';

/** The answers that a grammar allows. Throws `EngineError('input')` naming what cannot be followed. */
export function openAutomaton(given: OutputGrammar): Automaton {
  const automaton = new Automaton(nodeOf(given));
  const { start } = automaton;
  // A start that knows nothing but the space in front leads nowhere.
  if (!start.ends && !automaton.next(start, SPACE)) {
    throw new EngineError('input', 'No text matches the grammar.');
  }
  lookAhead(automaton, start);
  return automaton;
}

const SPACE = 0x20;
/** States that a text reaches in its first characters; what cannot be followed mostly shows there. */
const STATES_AHEAD = 32;

function lookAhead(automaton: Automaton, start: State): void {
  const seen = new Set([start]);
  for (const state of seen) {
    for (const { from } of state.leaves) {
      if (seen.size >= STATES_AHEAD) return;
      const next = automaton.next(state, from);
      if (next) seen.add(next);
    }
  }
}

function nodeOf(given: OutputGrammar): Node {
  switch (given.kind) {
    case 'json':
      return JSON_NODE;
    case 'regex':
      return parseRegex(given.pattern, 'regex', character);
    case 'json_schema':
      return schemaNode(parseSchema(given.schema));
  }
}

function parseSchema(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EngineError('input', 'response_format: the schema is not JSON.', { cause });
  }
}
