import {
  INITIAL_STATUS,
  isTerminal,
  type QueuePlace,
  type Receipt,
  type TaskStatus,
  type WireTask,
} from '@runfleet/protocol';

import type { RunState } from './run-state.ts';

/** One task as the pages show it, from its record and its frames. */
export type TaskView = {
  status: TaskStatus;
  /** Null while the task is live, and after its end until its record is read. */
  ended: WireTask | null;
  isLive: boolean;
  /** Its position in the queue; null if it is not queued, or the position is unknown. */
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
