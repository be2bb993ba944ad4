import { GrammarError } from './grammar-error.ts';

/**
 * What a tenant's grammar may cost, in steps of some 10 to 50 ns. Steps are counted and not timed, so
 * that the same grammar is taken or refused on every machine, however busy it is.
 */
export class Work {
  readonly #limit: number;
  readonly #purpose: string;
  #spent = 0;
  /** The part of the request that is being read. */
  place: string;

  /** `purpose` ends the sentence "takes more than ... steps to". */
  constructor(limit: number, purpose: string, place: string) {
    this.#limit = limit;
    this.#purpose = purpose;
    this.place = place;
  }

  get spent(): number {
    return this.#spent;
  }

  /** Throws `GrammarError` with the place that was being read once the limit is passed. */
  spend(steps: number): void {
    this.#spent += steps;
    if (this.#spent <= this.#limit) return;
    const limit = this.#limit.toLocaleString('en-US');
    throw new GrammarError(
      this.place,
      `takes more than ${limit} steps to ${this.#purpose}. Make repetitions, classes and lists smaller`,
    );
  }
}
