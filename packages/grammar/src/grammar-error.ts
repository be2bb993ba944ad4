/**
 * A grammar that cannot be enforced, which is the caller's mistake. The message is `field` and
 * `problem`.
 */
export class GrammarError extends Error {
  override readonly name = 'GrammarError';
  readonly field: string;
  readonly problem: string;

  constructor(field: string, problem: string) {
    super(`${field} ${problem}.`);
    this.field = field;
    this.problem = problem;
  }
}
