/**
 * What can happen to a task, as rows of its event log. Each row has a `seq`, gapless from 1 per
 * task, and the epoch in which it happened. Entering a status is an event named like the status.
 */
import type { TaskOutputItem } from './output.ts';
import { TASK_STATUSES, type TaskStatus } from './task-status.ts';

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

/** The payload of each kind of event, as it is stored. Amounts are strings with 12 decimals. */
export type TaskEventPayloads = {
  task_queue: { reason: string } | null;
  task_assign: null;
  task_accept: null;
  task_preprocess_start: null;
  task_preprocess_end: null;
  task_start: null;
  /** `raw` is only what is new; `tokens` counts the answer's tokens so far. */
  task_output: { raw: string; tokens: number; elapsedMs: number };
  task_output_full: { raw: string };
  task_error: { raw: string };
  task_error_full: { raw: string };
  task_end: null;
  task_postprocess_start: null;
  task_postprocess_end: { outputs: readonly TaskOutputItem[] };
  task_cancel: { reason: string } | null;
  task_cost: TaskCost;
};

/** Money that moved for a task: `hold` when it is accepted, `settle` when it ends. */
export type TaskCost = {
  kind: 'hold' | 'settle';
  seconds: string;
  cost: string;
  held: string;
  receipt?: Receipt;
};

/** What a finished task cost and why. `seconds` per stage are decimals with four places. */
export type Receipt = {
  priceVersion: string;
  cps: string;
  seconds: { queue: string; preprocess: string; run: string; postprocess: string; billed: string };
  /**
   * What the run had of a slot, from accept to end, and the tokens whose text it left in the log: also
   * where it was killed or failed, and nothing is billed. Absent in older receipts.
   */
  used?: { seconds: string; tokens: number };
  /** The folder of the weights that answered, and what computed. */
  weights: string;
  device: string;
  promptTokens: number;
  completionTokens: number;
  finishReason: string;
  cost: string;
};

export type NewTaskEvent = {
  [T in TaskEventType]: { type: T; payload: TaskEventPayloads[T] };
}[TaskEventType];

/** A row of the log. `at` is microseconds since 1970 by the database clock, as a decimal string on the wire. */
export type TaskEvent = NewTaskEvent & {
  taskId: string;
  seq: number;
  epoch: number;
  at: bigint;
};
