import type { TaskEvent } from '@runfleet/protocol';

import type { Sink } from './sink.ts';
import type { SubscriptionOptions } from './subscription-options.ts';
import type { TaskHistory } from './task-history.ts';

/** One client's position in the history of one task. */
export class Subscription {
  readonly #history: TaskHistory;
  readonly #options: SubscriptionOptions;
  readonly #sink: Sink;
  #next: number | null = null;
  /** The seq of the last frame that was sent; 0 before the first. */
  #sentSeq = 0;
  /** Its sink had no room: consecutive outputs are coalesced until it has caught up. */
  #isBehind = false;

  constructor(history: TaskHistory, options: SubscriptionOptions, sink: Sink) {
    this.#history = history;
    this.#options = options;
    this.#sink = sink;
  }

  /** The last seq sent to the client; a resume starts after it. */
  get seq(): number {
    const { after } = this.#options;
    return Math.max(after, this.#history.events[(this.#next ?? 0) - 1]?.seq ?? 0);
  }

  get hasEverything(): boolean {
    return this.#next === this.#history.events.length;
  }

  /** Sends pending events while the sink has room. `isDue`: the newest cumulative output may be sent now. */
  pump(isDue: boolean): void {
    const { events } = this.#history;
    this.#next ??= this.#history.indexAfter(this.#options.after);
    while (this.#next < events.length) {
      const next = this.#send(this.#next, isDue);
      if (next === null) return;
      this.#next = next;
    }
    this.#isBehind = false;
  }

  /**
   * Sends the end of an ended task again if nothing else was sent, because its client would wait
   * without end. False if the sink has no room yet.
   */
  repeatEnd(): boolean {
    if (!this.#options.repeatsEnd || this.#sentSeq > 0) return true;
    const last = this.#history.lastPlainEvent;
    if (last === undefined) return true;
    if (!this.#hasRoomFor('event')) return false;
    this.#deliver(this.#history.eventFrame(last, this.#prev), last);
    return true;
  }

  /** The index after what was sent or skipped; null if it must wait. */
  #send(index: number, isDue: boolean): number | null {
    const event = this.#history.events[index];
    if (!event) return null;
    const { mode, billing } = this.#options;
    if (event.type === 'task_output') {
      return mode === 'delta' ? this.#sendDelta(index) : this.#sendProgress(index, isDue);
    }
    if (event.type === 'task_cost' && !billing) return index + 1;
    if (!this.#hasRoomFor('event')) return null;
    this.#deliver(this.#history.eventFrame(event, this.#prev), event);
    return index + 1;
  }

  /** Each cumulative frame replaces the last, so only the newest is worth sending. */
  #sendProgress(index: number, isDue: boolean): number | null {
    const event = this.#history.events[index];
    if (event?.type !== 'task_output' || !this.#history.isNewestOutput(index)) return index + 1;
    const isLast = index === this.#history.events.length - 1;
    if (isLast && !isDue) return null;
    if (!this.#hasRoomFor('output')) return null;
    this.#deliver(this.#history.progressFrame(event, this.#prev), event);
    return index + 1;
  }

  #sendDelta(index: number): number | null {
    if (!this.#hasRoomFor('output')) return null;
    const end = this.#isBehind ? this.#history.endOfOutputs(index) : index + 1;
    const last = this.#history.events[end - 1];
    if (last?.type !== 'task_output') return end;
    this.#deliver(this.#history.deltaFrame(index, end, last, this.#sentSeq), last);
    return end;
  }

  get #prev(): number | null {
    return this.#options.isExtended ? this.#sentSeq : null;
  }

  #deliver(frame: Buffer, { type, seq }: Pick<TaskEvent, 'type' | 'seq'>): void {
    this.#sink.send(frame, type, seq);
    this.#sentSeq = seq;
  }

  #hasRoomFor(kind: 'output' | 'event'): boolean {
    const hasRoom = this.#sink.hasRoomFor(kind);
    this.#isBehind ||= !hasRoom;
    return hasRoom;
  }
}
