export { Automaton, type Edge, follow, type State } from './automaton.ts';
export { callsGrammar, type ToolRequest } from './calls/calls-grammar.ts';
export { GrammarError } from './grammar-error.ts';
export { openGrammar, openingWork } from './open-grammar.ts';
export { type CallsGrammar, type OutputGrammar, FIELD_OF } from './output-grammar.ts';
export { Work } from './work.ts';
export { writeValue } from './schema/write-value.ts';
export { parseExactJson, writeExactJson } from './schema/exact-json.ts';
