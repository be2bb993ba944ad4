/** The server refused a call. `code` is the envelope's, `status` the HTTP status. */
export class RunfleetApiError extends Error {
  override readonly name = 'RunfleetApiError';
  readonly code: number;
  readonly status: number;
  /** Identifies the call in the operator's logs. Null if the answer had no such header. */
  readonly requestId: string | null;
  /** The task that is in the way, or that goes on after a wait was cut. Null for none. */
  readonly taskId: string | null;

  constructor(
    message: string,
    answer: { code: number; status: number; requestId: string | null; taskId?: string | undefined },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = answer.code;
    this.status = answer.status;
    this.requestId = answer.requestId;
    this.taskId = answer.taskId ?? null;
  }
}

/** The server could not be reached, or the connection was lost. */
export class RunfleetConnectionError extends Error {
  override readonly name = 'RunfleetConnectionError';
}
