/**
 * What a Run may ask for besides the compatible body. It travels in headers, since the body holds the
 * model's parameters and nothing else; clients that know none of them lose nothing.
 */
export const RUN_HEADERS = {
  /** 1 to 255 visible ASCII characters: a repeated Run of the same key and body is the same task. */
  idempotencyKey: 'idempotency-key',
  /** Whom of the caller's own users it is for: they share the caller's turns fairly. */
  fairnessKey: 'x-runfleet-fairness-key',
  /** Seconds of head start in the caller's own line. */
  priority: 'x-runfleet-priority',
  /** Seconds after which it expires unless a worker has accepted it. */
  startTimeout: 'x-runfleet-start-timeout',
  /** Labels that its worker must carry: `gpu=H100, zone=a`. */
  requires: 'x-runfleet-requires',
  /** Tasks of one session, which a worker that has their prefix in its cache serves faster. */
  session: 'x-runfleet-session',
} as const;
