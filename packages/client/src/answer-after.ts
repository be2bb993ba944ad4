import { type DeltaMessage, rawOf, type TaskFrame } from '@runfleet/protocol';

/**
 * The answer's text once `frame` has arrived, from the text before it. Works in both modes: deltas
 * are added, cumulative and full outputs replace, and a requeued task starts over.
 */
export function answerAfter(text: string, frame: TaskFrame): string {
  if (frame.type === 'task_queue') return '';
  if (frame.type !== 'task_output' && frame.type !== 'task_output_full') return text;
  const raw = rawOf(frame);
  if (raw === null) return text;
  const isDelta = (frame.message as Partial<DeltaMessage>).type === 'delta';
  return isDelta ? text + raw : raw;
}
