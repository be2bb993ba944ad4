import type { TaskEvent } from '@runfleet/protocol';

import {
  type FollowedTask,
  type OutputEvent,
  type PlainEvent,
  renderDelta,
  renderEvent,
  renderProgress,
  withPrevious,
} from './render-frame.ts';

type Frames = { plain?: Buffer; extended?: Buffer; previous?: PreviousFrame };
/** The last rendered frame with a `prev`: most subscriptions have the same. */
type PreviousFrame = { prev: number; frame: Buffer };

const MERGED_CHARS_MAX = 64 * 1024;

/**
 * One task's events and their rendered frames. Each frame is rendered once for all subscriptions. Of the
 * output only the newest frames are kept: all cumulative frames together would grow with the square of the
 * answer.
 *
 * Only the answer of the current attempt counts: a requeue (`task_queue`) resets the text.
 */
export class TaskHistory {
  readonly #task: FollowedTask;
  readonly events: TaskEvent[] = [];
  readonly #frames = new Map<PlainEvent, Frames>();
  #answer = '';
  /** The index of the newest output of the current attempt; -1 before its first. */
  #newestOutput = -1;
  #progress: Frames = {};
  #delta: { from: number; to: number; frames: Frames } | null = null;

  constructor(task: FollowedTask) {
    this.#task = task;
  }

  add(event: TaskEvent): void {
    this.events.push(event);
    if (event.type === 'task_queue') {
      this.#answer = '';
      this.#newestOutput = -1;
    } else if (event.type === 'task_output') {
      this.#answer += event.payload.raw;
      this.#newestOutput = this.events.length - 1;
      this.#progress = {};
    }
  }

  /** The last event except outputs and costs: of an ended task, its end. */
  get lastPlainEvent(): PlainEvent | undefined {
    return this.events.findLast(
      (event): event is PlainEvent => event.type !== 'task_output' && event.type !== 'task_cost',
    );
  }

  /** The index of the first event after `seq`. */
  indexAfter(seq: number): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether the output at `index` is the newest, which its cumulative frame includes. */
  isNewestOutput(index: number): boolean {
    return index === this.#newestOutput;
  }

  /** The end index of the consecutive outputs from `index` that fit into one frame. */
  endOfOutputs(index: number): number {
    let chars = 0;
    for (let end = index; ; end += 1) {
      const event = this.events[end];
      if (event?.type !== 'task_output') return end;
      chars += event.payload.raw.length;
      if (end > index && chars > MERGED_CHARS_MAX) return end;
    }
  }

  /** `prev` is null for a frame without seq, epoch and prev. */
  eventFrame(event: PlainEvent, prev: number | null): Buffer {
    let frames = this.#frames.get(event);
    if (!frames) this.#frames.set(event, (frames = {}));
    return frameAfter(frames, prev, (isExtended) => renderEvent(this.#task, event, isExtended));
  }

  /** The newest cumulative frame; `event` is the newest output. */
  progressFrame(event: OutputEvent, prev: number | null): Buffer {
    return frameAfter(this.#progress, prev, (isExtended) =>
      renderProgress(this.#task, event, this.#answer, isExtended),
    );
  }

  /** One frame with the text of the outputs from index `from` to before `to`. */
  deltaFrame(from: number, to: number, last: OutputEvent, prev: number): Buffer {
    if (this.#delta?.from !== from || this.#delta.to !== to) {
      this.#delta = { from, to, frames: {} };
    }
    return frameAfter(this.#delta.frames, prev, () => this.#renderDelta(from, to, last));
  }

  #renderDelta(from: number, to: number, last: OutputEvent): Buffer {
    const before = last.payload.calls === undefined ? '' : this.#textBefore(from);
    return renderDelta(this.#task, { before, raw: this.#textIn(from, to) }, last);
  }

  /** The answer of the attempt at `index`, as far as it was written before. */
  #textBefore(index: number): string {
    const isQueued = ({ type }: TaskEvent) => type === 'task_queue';
    return this.#textIn(this.events.slice(0, index).findLastIndex(isQueued) + 1, index);
  }

  #textIn(from: number, to: number): string {
    let text = '';
    for (const event of this.events.slice(from, to)) {
      if (event.type === 'task_output') text += event.payload.raw;
    }
    return text;
  }
}

function frameAfter(
  frames: Frames,
  prev: number | null,
  render: (isExtended: boolean) => Buffer,
): Buffer {
  if (prev === null) return (frames.plain ??= render(false));
  if (frames.previous?.prev !== prev) {
    frames.extended ??= render(true);
    frames.previous = { prev, frame: withPrevious(frames.extended, prev) };
  }
  return frames.previous.frame;
}
