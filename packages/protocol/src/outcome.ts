/** How a task ended. `pexit` is the wire's exit code; only "0" is charged. */
export const OUTCOMES = {
  succeeded: { pexit: '0', charged: true },
  /** The model's or the worker's fault, after every allowed attempt. */
  failed: { pexit: '1', charged: false },
  /** The caller's fault, found while preparing the run. */
  rejected: { pexit: '2', charged: false },
  /** The deadline passed before any output. */
  expired: { pexit: '124', charged: false },
  cancelled: { pexit: '', charged: false },
} as const satisfies Record<string, { pexit: string; charged: boolean }>;

export type Outcome = keyof typeof OUTCOMES;

export const FINISH_REASONS = ['stop', 'length', 'timeout'] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];
