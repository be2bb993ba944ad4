import type { NewSegment, Segment, TaskFrame } from '@runfleet/protocol';

/**
 * The answer's segments after `frame`, from those before it. In delta mode, only frames of a run with
 * tools have segments while the answer grows.
 */
export function segmentsAfter(segments: readonly Segment[], frame: TaskFrame): Segment[] {
  if (frame.type === 'task_queue') return [];
  if (frame.type === 'task_output_full') return frame.message.segments;
  if (frame.type !== 'task_output') return [...segments];
  const { message } = frame;
  if (message.type !== 'delta') return message.segments;
  const after = [...segments];
  for (const { index, ...news } of message.segments ?? [])
    after[index] = joined(after[index], news);
  return after;
}

function joined(known: Segment | undefined, news: Omit<NewSegment, 'index'> & Segment): Segment {
  if (known === undefined) return news;
  const before = 'text' in known ? known.text : known.arguments;
  return 'text' in news
    ? { ...news, text: before + news.text }
    : { ...news, arguments: before + news.arguments };
}
