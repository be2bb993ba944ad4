import type { OutputGrammar } from '@runfleet/grammar';

import { Grammar } from './grammar.ts';
import type { Vocabulary } from './vocabulary.ts';

const GRAMMARS_MAX = 16;

/**
 * The grammars that were asked for last, with the masks they have found. Callers send the same schema
 * again and again, and from the second answer on there is little left to look for.
 */
export class Grammars {
  readonly #vocabulary: Vocabulary;
  readonly #known = new Map<string, Grammar>();

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** Throws `GrammarError` where the grammar cannot be followed. */
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
