/** Things that happen at a time, earliest first; at the same time, in the order in which they were added. */
export class EventHeap<T> {
  readonly #events: Event<T>[] = [];
  #added = 0;

  add(at: number, item: T): void {
    const events = this.#events;
    const event = { at, order: (this.#added += 1), item };
    let place = events.length;
    for (;;) {
      const parent = events[(place - 1) >> 1];
      if (place === 0 || parent === undefined || isBefore(parent, event)) break;
      events[place] = parent;
      place = (place - 1) >> 1;
    }
    events[place] = event;
  }

  take(): { at: number; item: T } | undefined {
    const events = this.#events;
    const [first] = events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      let next = events[child];
      const right = events[child + 1];
      if (next && right && isBefore(right, next)) [child, next] = [child + 1, right];
      if (next === undefined || isBefore(last, next)) break;
      events[place] = next;
      place = child;
    }
    events[place] = last;
    return first;
  }
}

type Event<T> = { at: number; order: number; item: T };

function isBefore(one: Event<unknown>, other: Event<unknown>): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}
