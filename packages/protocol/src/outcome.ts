/** How a task ended. `pexit` is the wire's exit code; only "0" is charged. */
export const OUTCOMES = {
  succeeded: { pexit: '0', charged: true },
  /** Through a fault of the model or the worker, after all allowed attempts. */
  failed: { pexit: '1', charged: false },
  /** Through a fault of the caller, found while the run was prepared. */
  rejected: { pexit: '2', charged: false },
  /** The deadline passed before any output. */
  expired: { pexit: '124', charged: false },
  cancelled: { pexit: '', charged: false },
} as const satisfies Record<string, { pexit: string; charged: boolean }>;

export type Outcome = keyof typeof OUTCOMES;

export const FINISH_REASONS = ['stop', 'length', 'timeout'] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];
