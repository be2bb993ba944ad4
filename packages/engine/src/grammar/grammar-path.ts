import { GrammarError, type State, Work } from '@runfleet/grammar';

import type { Grammar } from './grammar.ts';
import { finish, type Slices } from './slices.ts';

/** A few seconds, for a whole answer. */
const ANSWER_STEPS_MAX = 100_000_000;
/**
 * An answer does not pay again for the masks it used most recently; this is how many it remembers.
 */
const PAID_MAX = 500;

/**
 * The position of one answer in its grammar, and the work it has cost. Work is counted as if
 * nothing had been cached, so an answer costs the same whatever runs beside it.
 */
export class GrammarPath {
  readonly #grammar: Grammar;
  readonly #work: Work;
  readonly #paid = new Set<State>();
  #state: State;

  constructor(grammar: Grammar, stepsMax = ANSWER_STEPS_MAX) {
    this.#grammar = grammar;
    this.#state = grammar.start;
    this.#work = new Work(stepsMax, 'follow in one answer', grammar.field);
    this.#work.spend(grammar.steps);
  }

  get steps(): number {
    return this.#work.spent;
  }

  /**
   * The tokens that may come next, at least one. Throws `GrammarError` if the mask takes too much
   * work.
   */
  mask(): Int32Array {
    return finish(this.maskInSlices());
  }

  /** The same in slices of a millisecond. */
  *maskInSlices(): Slices<Int32Array> {
    const mask = yield* this.#grammar.maskInSlices(this.#state);
    this.#work.spend(1 + this.#state.leaves.length);
    if (!this.#paid.delete(mask.horizon)) this.#work.spend(mask.steps);
    this.#paid.add(mask.horizon);
    const [oldest] = this.#paid;
    if (this.#paid.size > PAID_MAX && oldest) this.#paid.delete(oldest);
    if (mask.tokens.some((word) => word !== 0)) return mask.tokens;
    throw new GrammarError(this.#grammar.field, 'reached a point where no token can follow');
  }

  /** Advances by a token that the mask allows. */
  take(id: number): void {
    const state = this.#grammar.next(this.#state, id, this.#work);
    if (!state)
      throw new GrammarError(this.#grammar.field, 'does not allow the token that was chosen');
    this.#state = state;
  }
}
