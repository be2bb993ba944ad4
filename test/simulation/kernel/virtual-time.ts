/** A clock that jumps from event to event. Events at the same time run in the order of their calls. */

type Event = { at: number; order: number; run: () => void };

export class VirtualTime {
  /** Microseconds since the start of the life. */
  now = 0;
  #order = 0;
  /** A binary heap by (at, order). */
  readonly #heap: Event[] = [];

  after(ms: number, run: () => void): void {
    this.#push({ at: this.now + Math.max(0, Math.round(ms * 1_000)), order: this.#order++, run });
  }

  /** Runs the next event. Returns false if there is none. */
  runNext(): boolean {
    const event = this.#pop();
    if (!event) return false;
    this.now = event.at;
    event.run();
    return true;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (!above || isBefore(above, event)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let below = heap[child];
      if (!below) break;
      const right = heap[child + 1];
      if (right && isBefore(right, below)) {
        child += 1;
        below = right;
      }
      if (isBefore(last, below)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

const isBefore = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.order < b.order);
