import type { AnswerEnd } from './answer.ts';
import type { StoredOutput } from './output.ts';
/**
 * What can happen to a task, as rows of its event log. Each row has a `seq`, gapless from 1 per
 * task, and the epoch in which it happened. When a task enters a status, an event with the name of that
 * status is written.
 */
import { TASK_STATUSES, type TaskStatus } from './task-status.ts';
import type { CallFormatName } from './tool-calls.ts';
import type { TaskCost } from './wire/receipt.ts';

/** Events that are not statuses. */
export const TASK_OCCURRENCES = [
  'task_output',
  'task_output_full',
  'task_error',
  'task_error_full',
  'task_cost',
] as const;

type TaskOccurrence = (typeof TASK_OCCURRENCES)[number];
export type TaskEventType = TaskStatus | TaskOccurrence;
export const TASK_EVENT_TYPES: readonly TaskEventType[] = [...TASK_STATUSES, ...TASK_OCCURRENCES];

/**
 * The stored payload of each type of event; null for a status unless it is listed. Amounts have 12
 * decimals.
 */
export type TaskEventPayloads = Omit<Record<TaskStatus, null>, keyof Payloads> & Payloads;

type Payloads = {
  task_queue: { reason: string } | null;
  /**
   * `raw` is only the new text; `tokens` counts the answer's tokens so far. The last one of an answer
   * has its `end`. Those of a run with tools have `calls`: how its text contains calls.
   */
  task_output: {
    raw: string;
    tokens: number;
    elapsedMs: number;
    calls?: CallFormatName;
    end?: AnswerEnd;
  };
  task_output_full: { raw: string; calls?: CallFormatName; end?: AnswerEnd };
  task_error: { raw: string };
  task_error_full: { raw: string };
  /** Rows of an older release have no `pexit`; only a task that succeeded has outputs. */
  task_postprocess_end: { outputs: readonly StoredOutput[]; pexit?: string };
  task_cancel: { reason: string } | null;
  task_cost: TaskCost;
};

export type NewTaskEvent = {
  [T in TaskEventType]: { type: T; payload: TaskEventPayloads[T] };
}[TaskEventType];

/** A row of the log. `at` is microseconds since 1970 by the database clock. */
export type TaskEvent = NewTaskEvent & {
  taskId: string;
  seq: number;
  epoch: number;
  at: bigint;
};
