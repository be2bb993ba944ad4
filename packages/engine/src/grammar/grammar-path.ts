import assert from 'node:assert/strict';

import type { State } from './automaton.ts';
import type { Grammar } from './grammar.ts';

/** Where one answer is in its grammar. */
export class GrammarPath {
  readonly #grammar: Grammar;
  #state: State;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
    this.#state = grammar.start;
  }

  /** The tokens that may come next. */
  mask(): Int32Array {
    return this.#grammar.maskOf(this.#state);
  }

  /** Goes on by a token that the mask allows. */
  take(bytes: Uint8Array): void {
    const state = this.#grammar.next(this.#state, bytes);
    assert(state, 'a token was chosen that the grammar does not allow');
    this.#state = state;
  }
}
