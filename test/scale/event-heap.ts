/** A priority queue of timed items, earliest first. Items of the same time keep their order of insertion. */
export class EventHeap<T> {
  readonly #events: Event<T>[] = [];
  #added = 0;

  add(at: number, item: T): void {
    const events = this.#events;
    const event = { at, order: (this.#added += 1), item };
    let index = events.length;
    for (;;) {
      const parent = events[(index - 1) >> 1];
      if (index === 0 || parent === undefined || isBefore(parent, event)) break;
      events[index] = parent;
      index = (index - 1) >> 1;
    }
    events[index] = event;
  }

  take(): { at: number; item: T } | undefined {
    const events = this.#events;
    const [first] = events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let next = events[child];
      const right = events[child + 1];
      if (next && right && isBefore(right, next)) [child, next] = [child + 1, right];
      if (next === undefined || isBefore(last, next)) break;
      events[index] = next;
      index = child;
    }
    events[index] = last;
    return first;
  }
}

type Event<T> = { at: number; order: number; item: T };

function isBefore(one: Event<unknown>, other: Event<unknown>): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}
