/**
 * The options of a Run beyond the compatible contract. They are headers, because the body has only the
 * model's parameters. All of them are optional.
 */
export const RUN_HEADERS = {
  /**
   * 1 to 255 visible ASCII characters. A repeated Run with the same key and body returns the same
   * task.
   */
  idempotencyKey: 'idempotency-key',
  /** The caller's end user. End users share the caller's turns fairly. */
  fairnessKey: 'x-runfleet-fairness-key',
  /** Seconds of head start among the caller's own tasks. */
  priority: 'x-runfleet-priority',
  /** Seconds after which the task expires unless a worker has accepted it. */
  startTimeout: 'x-runfleet-start-timeout',
  /** Labels that the worker must carry: `gpu=H100, zone=a`. */
  requires: 'x-runfleet-requires',
  /** Tasks of one session run faster on a worker that has their prefix in its cache. */
  session: 'x-runfleet-session',
} as const;
