import {
  INITIAL_STATUS,
  isTerminal,
  type QueuePlace,
  type Receipt,
  type TaskStatus,
  type WireTask,
} from '@runfleet/protocol';

import type { RunState } from './run-state.ts';

/** One task as the pages show it: the record and the frames put together. */
export type TaskView = {
  status: TaskStatus;
  /** Null while it is live, and for the moment between its end and its record. */
  ended: WireTask | null;
  isLive: boolean;
  /** Where it is in line; null when it is not, or not known. */
  queue: QueuePlace | null;
  text: string;
  errorText: string;
  held: string | null;
  receipt: Receipt | null;
  requeues: number;
};

export function viewTask(task: WireTask | null, run: RunState): TaskView {
  const ended = task !== null && isTerminal(task.status) ? task : null;
  const status = ended?.status ?? run.status ?? task?.status ?? INITIAL_STATUS;
  return {
    status,
    ended,
    isLive: !isTerminal(status),
    queue: status === INITIAL_STATUS ? (task?.queue ?? null) : null,
    text: run.text || (task?.debugoutput ?? ''),
    errorText: run.errorText || (task?.debugerror ?? ''),
    held: run.held,
    receipt: ended?.receipt ?? run.receipt,
    requeues: run.requeues,
  };
}
