import type { Segment } from '@runfleet/client';
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
  /** Whether it has ended, and what it was sent and what it answered were deleted. */
  isDeleted: boolean;
  /** Its position in the queue; null if it is not queued, or the position is unknown. */
  queue: QueuePlace | null;
  /** As the model wrote it. */
  text: string;
  /** Without calls of tools. */
  prose: string;
  calls: readonly Call[];
  errorText: string;
  held: string | null;
  receipt: Receipt | null;
  requeues: number;
};

export type Call = Extract<Segment, { type: 'function_call' }>;

export function viewTask(task: WireTask | null, run: RunState): TaskView {
  const ended = task !== null && isTerminal(task.status) ? task : null;
  const text = run.text || (task?.debugoutput ?? '');
  const segments = run.segments.length > 0 ? run.segments : storedSegments(task);
  const calls = segments.filter(isCall);
  const status = ended?.status ?? run.status ?? task?.status ?? INITIAL_STATUS;
  return {
    status,
    ended,
    isLive: !isTerminal(status),
    // Every Run has parameters.
    isDeleted: ended !== null && Object.keys(ended.parameters).length === 0,
    queue: status === INITIAL_STATUS ? (task?.queue ?? null) : null,
    text,
    prose: run.hasTools || calls.length > 0 ? proseOf(segments) : text,
    calls,
    errorText: run.errorText || (task?.debugerror ?? ''),
    held: run.held,
    receipt: ended?.receipt ?? run.receipt,
    requeues: run.requeues,
  };
}

function storedSegments(task: WireTask | null): readonly Segment[] {
  const [first] = task?.outputs ?? [];
  return first !== undefined && 'content' in first ? first.content.segments : [];
}

function isCall(segment: Segment): segment is Call {
  return segment.type === 'function_call';
}

function proseOf(segments: readonly Segment[]): string {
  return segments.flatMap((segment) => (isCall(segment) ? [] : segment.text)).join('\n\n');
}
