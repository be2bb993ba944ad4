import type { ReachedLimit } from './limits.ts';

/**
 * Every expected failure of an API call: its wire code, its HTTP status and, where clients match on the
 * text, its exact message.
 */
type ErrorRow = {
  code: number;
  http: 200 | 400 | 401 | 402 | 403 | 404 | 409 | 413 | 429 | 500 | 503 | 504;
};

export const ERRORS = {
  invalid_request: { code: 0, http: 200 },
  model_not_found: { code: 1, http: 200 },
  task_not_found: { code: 1, http: 200 },
  conversation_not_found: { code: 1, http: 200 },
  not_cancellable: { code: 1, http: 200 },
  not_ended: { code: 1, http: 200 },
  /** 93 is not in the compatible contract. */
  spend_limit: { code: 93, http: 402 },
  /** 94 is not in the compatible contract. */
  turn_running: { code: 94, http: 409 },
  /** 95 is not in the compatible contract, whose clients never send the header that causes it. */
  idempotency_mismatch: { code: 95, http: 409 },
  concurrency_limit: { code: 96, http: 200 },
  /** A limit that was set; the compatible contract has only the one by balance, above. */
  active_limit: { code: 96, http: 429 },
  insufficient_balance: { code: 97, http: 200 },
  sign_in_required: { code: 98, http: 401 },
  token_invalid: { code: 99, http: 401 },
  unauthorized: { code: 0, http: 401 },
  forbidden: { code: 0, http: 403 },
  path_not_found: { code: 0, http: 404 },
  file_not_found: { code: 1, http: 404 },
  /** A file or folder that a call names; `file_not_found` is for its URL. */
  entry_not_found: { code: 1, http: 200 },
  file_quota: { code: 0, http: 200 },
  callback_not_found: { code: 1, http: 200 },
  export_not_found: { code: 1, http: 200 },
  body_too_large: { code: 0, http: 413 },
  rate_limited: { code: 0, http: 429 },
  internal: { code: 0, http: 500 },
  unavailable: { code: 0, http: 503 },
  wait_timeout: { code: 0, http: 504 },
} as const satisfies Record<string, ErrorRow>;

export type ErrorKind = keyof typeof ERRORS;

/** Texts that existing clients compare. */
export const MESSAGES = {
  modelNotFound: 'slug-owner-project-not-exist',
  modelNotAccessible: 'tool-not-accessible',
  taskNotFound: 'task-not-exist',
  conversationNotFound: 'conversation-not-exist',
  notCancellable: 'Task is not in a cancellable state.',
  notEnded: 'Task is not in a terminal state.',
  unknownKey: 'Project authorization is not founded.',
  badSignature: 'Project authorization is not valid.',
  signatureRequired:
    'Project requires signature authentication. x-signature and x-nonce headers are required.',
  ipNotAllowed: (ip: string) => `Requested ip ${ip} is not allowed.`,
  referenceRequired: 'taskid or socketaccesstoken is required',
  insufficientBalance: 'Insufficient balance',
  /** `balance` in dollars with two decimals. */
  concurrencyLimit: (balance: string, limit: number) =>
    `You have reached your concurrent task limit. With your current balance of $${balance}, you can run up to ${limit} tasks at the same time. Add funds to increase your limit.`,
  parameterRequired: (name: string) => `Request parameter [${name}] required`,
  fileRequired: (name: string) => `Request files [${name}] required`,
  parameterNotNumber: (name: string) => `Request parameter [${name}] must be integer or float`,
  parameterOutOfRange: (name: string, min: number, max: number) =>
    `Request parameter [${name}] must be between ${min} and ${max}`,
  idempotencyMismatch: (key: string) =>
    `Idempotency-Key [${key}] belongs to another request. Send that request again, or choose a new key.`,
  previousTurnUnknown:
    'Request parameter [previousTaskToken] must be the socketaccesstoken of a task of the same project, model, session_id and user_id that succeeded',
  turnRunning: (taskId: string) =>
    `Task ${taskId} of this conversation has not ended. Wait for its end, or kill it.`,
  tokenInvalid: 'tasktoken-invalid',
} as const;

/** An expected failure. `message` tells a person what happened and what to do. */
export class RunfleetError extends Error {
  override readonly name = 'RunfleetError';
  readonly kind: ErrorKind;
  /** When to retry; null if that is unknown. */
  readonly retryAfterSeconds: number | null;
  /** The task that is in the way; null if the failure concerns none. */
  readonly taskId: string | null;
  /** The limit that was reached; null if the failure concerns none. */
  readonly limit: ReachedLimit | null;

  constructor(
    kind: ErrorKind,
    message: string,
    options?: ErrorOptions & {
      retryAfterSeconds?: number | undefined;
      taskId?: string;
      limit?: ReachedLimit;
    },
  ) {
    super(message, options);
    this.kind = kind;
    this.retryAfterSeconds = options?.retryAfterSeconds ?? null;
    this.taskId = options?.taskId ?? null;
    this.limit = options?.limit ?? null;
  }
}
