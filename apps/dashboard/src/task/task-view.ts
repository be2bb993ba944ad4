import type { WireTask } from '@runfleet/client';
import { isTerminal, type Receipt, type TaskStatus } from '@runfleet/protocol';

import { receiptOf } from './receipt-of.ts';
import type { RunState } from './run-state.ts';

/** One task as the pages show it: the record and the frames put together. */
export type TaskView = {
  status: TaskStatus;
  /** Null while it is live, and for the moment between its end and its record. */
  ended: WireTask | null;
  isLive: boolean;
  text: string;
  errorText: string;
  held: string | null;
  receipt: Receipt | null;
  requeues: number;
};

export function viewTask(task: WireTask | null, run: RunState): TaskView {
  const ended = task !== null && isTerminal(task.status) ? task : null;
  const status = ended?.status ?? run.status ?? task?.status ?? 'task_queue';
  return {
    status,
    ended,
    isLive: !isTerminal(status),
    text: run.text || (task?.debugoutput ?? ''),
    errorText: run.errorText || (task?.debugerror ?? ''),
    held: run.held,
    receipt: (ended === null ? null : receiptOf(ended)) ?? run.receipt,
    requeues: run.requeues,
  };
}
