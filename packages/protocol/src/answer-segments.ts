/** The segments of an answer: its texts, its thinking, and the calls of a run with tools. */
import { readAnswer, withoutOpenMark } from './read-answer.ts';
import { type CallFormatName, callFormatOf } from './tool-calls.ts';
import type { NewSegment, Segment, WireFinishReason } from './wire/output-item.ts';

/** How a run with tools writes calls, and its task, from which the ids of its calls derive. */
export type RunCalls = { format: CallFormatName; taskId: string };

/** `format` as it is stored with an answer: a run without tools has none. */
export function runCalls(format: CallFormatName | undefined, taskId: string): RunCalls | null {
  return format === undefined ? null : { format, taskId };
}

/** `finishReason` is null while the answer grows. */
export function segmentsOf(
  raw: string,
  finishReason: WireFinishReason | null,
  calls: RunCalls | null,
): Segment[] {
  const format = callFormatOf(calls?.format ?? null);
  const isGrowing = finishReason === null;
  const isStopped = finishReason === 'stop' || finishReason === 'tool_calls';
  // What is shown of a growing answer is never taken back.
  const text = format === null || isStopped ? raw : withoutOpenMark(raw, format, isGrowing);
  let count = 0;
  return readAnswer(text, format).flatMap((part): Segment[] => {
    if (part.type === 'thinking') return [{ type: 'thinking', text: part.text }];
    if (part.type === 'text') return [{ type: 'answer', text: part.text }];
    count += 1;
    // Before its arguments begin, its name may not be whole.
    if (isGrowing && part.arguments === '') return [];
    return [
      {
        type: 'function_call',
        // The same in each attempt, so that a requeue gives no call a second id.
        id: `fc_${calls?.taskId}_${count}`,
        call_id: `call_${calls?.taskId}_${count}`,
        name: part.name,
        arguments: part.arguments,
        status: part.isWhole ? 'completed' : isGrowing ? 'in_progress' : 'incomplete',
      },
    ];
  });
}

/** Whether an answer that the model ended consists of calls to execute: there are some, and all are whole. */
export function isCalling(raw: string, format: CallFormatName): boolean {
  const calls = segmentsOf(raw, 'stop', { format, taskId: '' }).filter(isCall);
  return calls.length > 0 && calls.every(({ status }) => status === 'completed');
}

export function isCall(segment: Segment): segment is Extract<Segment, { type: 'function_call' }> {
  return segment.type === 'function_call';
}

/**
 * What `after` has beyond `before`, which are the segments of a growing answer: the new part of the text
 * or the arguments of each segment that changed.
 */
export function segmentsSince(before: readonly Segment[], after: readonly Segment[]): NewSegment[] {
  return after.flatMap((segment, index): NewSegment[] => {
    const known = before[index];
    if (known === undefined) return [{ index, ...segment }];
    if (isCall(segment)) {
      const given = isCall(known) ? known.arguments : '';
      if (isCall(known) && known.status === segment.status && given === segment.arguments)
        return [];
      return [{ index, ...segment, arguments: segment.arguments.slice(given.length) }];
    }
    const shown = isCall(known) ? '' : known.text;
    if (shown === segment.text) return [];
    return [{ index, ...segment, text: segment.text.slice(shown.length) }];
  });
}
