import { rawOf, type TaskFrame } from '@runfleet/protocol';

/**
 * The answer's text after `frame`, from the text before it. Works in both modes: deltas are appended,
 * cumulative and full outputs replace the text, and a requeued task starts again with none.
 */
export function answerAfter(text: string, frame: TaskFrame): string {
  if (frame.type === 'task_queue') return '';
  if (frame.type !== 'task_output' && frame.type !== 'task_output_full') return text;
  const raw = rawOf(frame);
  if (raw === null) return text;
  return frame.type === 'task_output' && frame.message.type === 'delta' ? text + raw : raw;
}
