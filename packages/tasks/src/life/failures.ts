/**
 * Why an attempt can end without an answer, whose fault it is, and what follows: the closed list.
 *
 * `next`: the outcome that ends the task; `retry`: another attempt elsewhere after a pause, while
 * any are left; `return`: back in line at once, while the task has not been assigned too often.
 * Nothing here is ever billed.
 * `isStrike`: it speaks against the worker, which rests after several in a row.
 */
import type { Outcome } from '@runfleet/protocol';

type FailureRow = {
  fault: 'user' | 'model' | 'infrastructure';
  next: Outcome | 'retry' | 'return';
  isStrike: boolean;
  message: string;
};

export const FAILURES = {
  /** The input cannot be run, here or anywhere. */
  input_rejected: { fault: 'user', next: 'rejected', isStrike: false, message: 'input rejected' },
  /** The model gave no answer to a good input; with its fixed seed it would not the next time. */
  model_failed: { fault: 'model', next: 'failed', isStrike: false, message: 'model failed' },
  /** Its lease ran out. Whether the task did it is seen where the next worker dies of it too. */
  worker_lost: { fault: 'infrastructure', next: 'retry', isStrike: false, message: 'worker lost' },
  run_broke_off: {
    fault: 'infrastructure',
    next: 'retry',
    isStrike: true,
    message: 'run broke off',
  },
  /** Postgres was away for longer than output can wait, or refused the text. */
  not_written: { fault: 'infrastructure', next: 'retry', isStrike: false, message: 'not written' },
  load_failed: { fault: 'infrastructure', next: 'retry', isStrike: true, message: 'load failed' },
  /**
   * The ticket was lost, or the worker had it and did nothing: only the latter is a strike. It counts
   * as an attempt either way, since a task that stops its worker's loop looks the same.
   */
  not_accepted: {
    fault: 'infrastructure',
    next: 'retry',
    isStrike: false,
    message: 'not accepted in time',
  },
  worker_stopping: {
    fault: 'infrastructure',
    next: 'return',
    isStrike: false,
    message: 'worker stopping',
  },
} as const satisfies Record<string, FailureRow>;

export type Failure = keyof typeof FAILURES;
/** Failures after which the task runs again. */
export type RetriedFailure = {
  [F in Failure]: (typeof FAILURES)[F]['next'] extends 'retry' | 'return' ? F : never;
}[Failure];
