/** A call that was refused, or that was not answered (`status` 0). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: number | null;
  readonly requestId: string | null;

  constructor(
    problem: { status: number; code: number | null; message: string; requestId: string | null },
    options?: ErrorOptions,
  ) {
    super(problem.message, options);
    this.status = problem.status;
    this.code = problem.code;
    this.requestId = problem.requestId;
  }
}
