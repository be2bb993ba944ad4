/** The server refused a call. `code` is the envelope's, `status` the HTTP status. */
export class RunfleetApiError extends Error {
  override readonly name = 'RunfleetApiError';
  readonly code: number;
  readonly status: number;
  /** What to tell the operator, who finds the call by it. Null where there was no such header. */
  readonly requestId: string | null;

  constructor(
    message: string,
    answer: { code: number; status: number; requestId: string | null },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = answer.code;
    this.status = answer.status;
    this.requestId = answer.requestId;
  }
}

/** The server could not be reached, or not any more. */
export class RunfleetConnectionError extends Error {
  override readonly name = 'RunfleetConnectionError';
}
