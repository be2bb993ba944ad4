import type { WireFinishReason } from './wire/output-item.ts';

/**
 * How a task ended. `pexit` is the wire's exit code; only "0" is charged. `exitCode` is the same as a
 * number in the socket's frames; for a task without a `pexit` it is the code of an interrupted program.
 * `event` names the end in callbacks.
 */
export const OUTCOMES = {
  succeeded: { pexit: '0', exitCode: 0, charged: true, event: 'task.completed' },
  /** Through a fault of the model or the worker, after all allowed attempts. */
  failed: { pexit: '1', exitCode: 1, charged: false, event: 'task.failed' },
  /** Through a fault of the caller, found while the run was prepared. */
  rejected: { pexit: '2', exitCode: 2, charged: false, event: 'task.failed' },
  /** The deadline passed before any output. */
  expired: { pexit: '124', exitCode: 124, charged: false, event: 'task.failed' },
  cancelled: { pexit: '', exitCode: 130, charged: false, event: 'task.cancelled' },
} as const satisfies Record<
  string,
  { pexit: string; exitCode: number; charged: boolean; event: string }
>;

export type Outcome = keyof typeof OUTCOMES;

/** What a callback reports. A test is sent by hand. */
export type CallbackEvent = (typeof OUTCOMES)[Outcome]['event'] | 'test';

/** Why an answer ended, and how the wire names it. A timeout cuts an answer off as a limit does. */
export const FINISH_REASONS = {
  stop: 'stop',
  /** The model ended an answer that calls tools. */
  tool_calls: 'tool_calls',
  length: 'length',
  timeout: 'length',
} as const satisfies Record<string, WireFinishReason>;

export type FinishReason = keyof typeof FINISH_REASONS;
