import type { Outlet, Wish } from './outlet.ts';
import type { TaskHistory } from './task-history.ts';

/** One client's place in the history of one task, and how it wants it told. */
export class Subscription {
  readonly #history: TaskHistory;
  readonly #wish: Wish;
  readonly #outlet: Outlet;
  #next: number | null = null;
  /** Held back by its outlet: what waits is coalesced. */
  #isBehind = false;

  constructor(history: TaskHistory, wish: Wish, outlet: Outlet) {
    this.#history = history;
    this.#wish = wish;
    this.#outlet = outlet;
  }

  /** The last seq that the client was given; a resume starts after it. */
  get seq(): number {
    const { after } = this.#wish;
    return Math.max(after, this.#history.events[(this.#next ?? 0) - 1]?.seq ?? 0);
  }

  get hasEverything(): boolean {
    return this.#next === this.#history.events.length;
  }

  /** Sends what is there, as far as the outlet has room. `isDue`: newest output may go out now. */
  pump(isDue: boolean): void {
    const { events } = this.#history;
    this.#next ??= this.#history.indexAfter(this.#wish.after);
    while (this.#next < events.length) {
      const next = this.#send(this.#next, isDue);
      if (next === null) return;
      this.#next = next;
    }
    this.#isBehind = false;
  }

  /** The index after what was sent or left out; null when it has to wait. */
  #send(index: number, isDue: boolean): number | null {
    const event = this.#history.events[index];
    if (!event) return null;
    const { mode, billing, isExtended } = this.#wish;
    if (event.type === 'task_output') {
      return mode === 'delta' ? this.#sendDelta(index) : this.#sendProgress(index, isDue);
    }
    if (event.type === 'task_cost' && !billing) return index + 1;
    if (!this.#hasRoomFor('event')) return null;
    this.#outlet.send(this.#history.eventFrame(event, isExtended), event.type, event.seq);
    return index + 1;
  }

  /** Each cumulative frame replaces the last, so only the newest is worth sending. */
  #sendProgress(index: number, isDue: boolean): number | null {
    const event = this.#history.events[index];
    if (event?.type !== 'task_output' || !this.#history.isNewestOutput(index)) return index + 1;
    const isLast = index === this.#history.events.length - 1;
    if (isLast && !isDue) return null;
    if (!this.#hasRoomFor('output')) return null;
    const frame = this.#history.progressFrame(event, this.#wish.isExtended);
    this.#outlet.send(frame, event.type, event.seq);
    return index + 1;
  }

  #sendDelta(index: number): number | null {
    if (!this.#hasRoomFor('output')) return null;
    const end = this.#isBehind ? this.#history.endOfOutputs(index) : index + 1;
    const last = this.#history.events[end - 1];
    if (last?.type !== 'task_output') return end;
    this.#outlet.send(this.#history.deltaFrame(index, end, last), last.type, last.seq);
    return end;
  }

  #hasRoomFor(kind: 'output' | 'event'): boolean {
    const hasRoom = this.#outlet.hasRoomFor(kind);
    this.#isBehind ||= !hasRoom;
    return hasRoom;
  }
}
