import type { ObservedCopy } from '../observations.ts';
import { answerOf } from './check-task.ts';
import type { Broken } from './laws.ts';
import type { TaskRecord } from './task-record.ts';

/**
 * Checks the frames that a follower received against the task's log. Every frame covers the events since
 * the previous frame: its own event, and earlier outputs that it includes. Only `task_cost` may be missing,
 * if it was not requested.
 */
export function checkCopy(copy: ObservedCopy, { id, events }: TaskRecord): Broken[] {
  const broken = (detail: string): Broken[] => [
    { law: 'true copy', detail: `${copy.mode}: ${detail}`, taskId: id },
  ];
  if (copy.failure !== null) return broken(copy.failure);
  let position = 0;
  for (const frame of copy.frames) {
    const { seq, type } = frame;
    const event = events[seq - 1];
    if (event?.type !== type || event.epoch !== frame.epoch) {
      return broken(`${type} as seq ${seq}, but the log has ${event?.type}`);
    }
    if (seq <= position) return broken(`seq ${seq} after ${position}`);
    const skipped = events
      .slice(position, seq - 1)
      .filter((event) => !isSkippable(event.type, type, copy.mode));
    if (skipped[0]) return broken(`${skipped[0].type} (seq ${skipped[0].seq}) was skipped`);
    const text = textOf(copy, events.slice(0, seq), position);
    if (type === 'task_output' && frame.text !== text) {
      return broken(`seq ${seq} has ${JSON.stringify(frame.text)} for ${JSON.stringify(text)}`);
    }
    if (type === 'task_output_full' && frame.text !== event.text) {
      return broken(`the full output (seq ${seq}) differs`);
    }
    position = seq;
  }
  if (copy.isWhole && position !== events.length)
    return broken(`it ends at seq ${position} of ${events.length}`);
  return [];
}

/** Whether an event may have no frame before one of type `next`. */
function isSkippable(type: string, next: string, mode: ObservedCopy['mode']): boolean {
  // Each cumulative output replaces the previous one, so any may be skipped.
  if (mode === 'cumulative') return type === 'task_output' || type === 'task_cost';
  return type === 'task_output' && next === 'task_output';
}

/** The expected text of an output frame: what follows `position`, or the whole attempt so far. */
function textOf({ mode }: ObservedCopy, events: TaskRecord['events'], position: number): string {
  return answerOf(mode === 'delta' ? events.slice(position) : events);
}
