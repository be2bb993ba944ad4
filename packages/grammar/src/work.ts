import { GrammarError } from './grammar-error.ts';

/**
 * The budget of a tenant's grammar, in steps of about 10 to 50 ns. Work is counted, not timed, so
 * every machine accepts or refuses the same grammars, however busy it is.
 */
export class Work {
  readonly #limit: number;
  readonly #purpose: string;
  #spent = 0;
  /** The field of the request that is being read. */
  field: string;

  /** `purpose` ends the sentence "takes more than ... steps to". */
  constructor(limit: number, purpose: string, field: string) {
    this.#limit = limit;
    this.#purpose = purpose;
    this.field = field;
  }

  get spent(): number {
    return this.#spent;
  }

  /** Throws `GrammarError`, which names the current field, once the limit is passed. */
  spend(steps: number): void {
    this.#spent += steps;
    if (this.#spent <= this.#limit) return;
    const limit = this.#limit.toLocaleString('en-US');
    throw new GrammarError(
      this.field,
      `takes more than ${limit} steps to ${this.#purpose}. Make repetitions, classes and lists smaller`,
    );
  }
}
