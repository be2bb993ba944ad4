/** A grammar that no answer can be held to: its caller's mistake. The message is `place` and `problem`. */
export class GrammarError extends Error {
  override readonly name = 'GrammarError';
  readonly place: string;
  readonly problem: string;

  constructor(place: string, problem: string) {
    super(`${place} ${problem}.`);
    this.place = place;
    this.problem = problem;
  }
}
