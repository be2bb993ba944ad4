import { openGrammar, openingWork } from './open-grammar.ts';
import type { OutputGrammar } from './output-grammar.ts';

/** At most 8 MB, as a schema has 131,072 characters at most. */
const ACCEPTED_MAX = 32;
/** The steps to open each grammar, the most recently used last. */
const accepted = new Map<string, number>();

/**
 * Throws `GrammarError` if the grammar cannot be enforced; `work` then has the steps until there. A
 * grammar that was accepted before costs the same steps but no time: each process opens the grammar
 * of a request more than once, and callers send the same one again.
 */
export function checkGrammar(given: OutputGrammar, work = openingWork(given)): void {
  const key = `${given.kind} ${textOf(given)}`;
  const known = accepted.get(key);
  if (known === undefined) openGrammar(given, work);
  else work.spend(known);
  accepted.delete(key);
  accepted.set(key, known ?? work.spent);
  const [oldest] = accepted.keys();
  if (accepted.size > ACCEPTED_MAX && oldest !== undefined) accepted.delete(oldest);
}

function textOf(given: OutputGrammar): string {
  switch (given.kind) {
    case 'json':
      return '';
    case 'json_schema':
      return given.schema;
    case 'regex':
      return given.pattern;
    case 'calls':
      return JSON.stringify(given);
  }
}
