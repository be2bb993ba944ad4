import { GrammarError } from './grammar-error.ts';

/** About 1 ms while a grammar is opened. */
const PAUSE_STEPS = 1_500;

/**
 * The budget of a tenant's grammar, in steps of about 10 to 50 ns. Work is counted, not timed, so
 * every machine accepts or refuses the same grammars, however busy it is.
 */
export class Work {
  readonly #limit: number;
  readonly #purpose: string;
  readonly #onPause: (() => void) | undefined;
  #spent = 0;
  #pauseAt = PAUSE_STEPS;
  /** The field of the request that is being read. */
  field: string;

  /**
   * `purpose` ends the sentence "takes more than ... steps to". `onPause` is called about every
   * millisecond of work. It may do other work, or throw to end this one.
   */
  constructor(limit: number, purpose: string, field: string, onPause?: () => void) {
    this.#limit = limit;
    this.#purpose = purpose;
    this.field = field;
    this.#onPause = onPause;
  }

  get spent(): number {
    return this.#spent;
  }

  /** Throws `GrammarError`, which names the current field, once the limit is passed. */
  spend(steps: number): void {
    this.#spent += steps;
    if (this.#spent > this.#limit) throw this.#tooMuch();
    if (!this.#onPause || this.#spent < this.#pauseAt) return;
    this.#pauseAt = this.#spent + PAUSE_STEPS;
    this.#onPause();
  }

  #tooMuch(): GrammarError {
    const limit = this.#limit.toLocaleString('en-US');
    return new GrammarError(
      this.field,
      `takes more than ${limit} steps to ${this.#purpose}. Make repetitions, classes and lists smaller`,
    );
  }
}
