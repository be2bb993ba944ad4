import type { SeenCopy } from '../seen.ts';
import { answerOf } from './check-task.ts';
import type { Broken } from './laws.ts';
import type { TaskRecord } from './task-record.ts';

/**
 * What somebody was sent, held against the log. Every frame stands for the events since the one
 * before: itself, and before it outputs that it includes. Only `task_cost` may be missing, where it
 * was not asked for.
 */
export function checkCopy(copy: SeenCopy, { id, events }: TaskRecord): Broken[] {
  const broken = (detail: string): Broken[] => [
    { law: 'true copy', detail: `${copy.mode}: ${detail}`, taskId: id },
  ];
  if (copy.failure !== null) return broken(copy.failure);
  let place = 0;
  for (const frame of copy.frames) {
    const { seq, type } = frame;
    const event = events[seq - 1];
    if (event?.type !== type || event.epoch !== frame.epoch) {
      return broken(`${type} as seq ${seq}, where the log has ${event?.type}`);
    }
    if (seq <= place) return broken(`seq ${seq} after ${place}`);
    const skipped = events
      .slice(place, seq - 1)
      .filter((left) => !isLeftOut(left.type, type, copy.mode));
    if (skipped[0]) return broken(`${skipped[0].type} (seq ${skipped[0].seq}) was left out`);
    const text = textOf(copy, events.slice(0, seq), place);
    if (type === 'task_output' && frame.text !== text) {
      return broken(`seq ${seq} says ${JSON.stringify(frame.text)} for ${JSON.stringify(text)}`);
    }
    if (type === 'task_output_full' && frame.text !== event.text) {
      return broken(`the full output (seq ${seq}) is another one`);
    }
    place = seq;
  }
  if (copy.isWhole && place !== events.length)
    return broken(`it ends at seq ${place} of ${events.length}`);
  return [];
}

/** Whether an event may have no frame before one of type `next`. */
function isLeftOut(type: string, next: string, mode: SeenCopy['mode']): boolean {
  // Each cumulative output replaces the last, so that any of them may be spared.
  if (mode === 'cumulative') return type === 'task_output' || type === 'task_cost';
  return type === 'task_output' && next === 'task_output';
}

/** What an output frame says: the text after `place`, or all of the attempt so far. */
function textOf({ mode }: SeenCopy, events: TaskRecord['events'], place: number): string {
  return answerOf(mode === 'delta' ? events.slice(place) : events);
}
