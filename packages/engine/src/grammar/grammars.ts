import type { OutputGrammar } from '@runfleet/grammar';

import { Grammar } from './grammar.ts';
import type { Vocabulary } from './vocabulary.ts';

const GRAMMARS_MAX = 16;

/**
 * The most recently used grammars, with their masks. Callers send the same schema again and again,
 * so after the first answer most masks are cached.
 */
export class Grammars {
  readonly #vocabulary: Vocabulary;
  readonly #known = new Map<string, Grammar>();

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** Throws `GrammarError` if the grammar cannot be enforced. */
  open(given: OutputGrammar): Grammar {
    const key = JSON.stringify(given);
    const known = this.#known.get(key);
    const isUsable = known !== undefined && !known.automaton.isLarge;
    const grammar = isUsable ? known : new Grammar(given, this.#vocabulary);
    this.#known.delete(key);
    this.#known.set(key, grammar);
    const [oldest] = this.#known.keys();
    if (this.#known.size > GRAMMARS_MAX && oldest !== undefined) this.#known.delete(oldest);
    return grammar;
  }
}
