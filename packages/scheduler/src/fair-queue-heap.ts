/**
 * A binary heap of ids, ordered by a number and then by `compareIds`, with an index of positions.
 */
export class FairQueueHeap {
  readonly #compareIds: (one: string, other: string) => number;
  readonly #entries: Entry[] = [];
  readonly #places = new Map<string, number>();

  constructor(compareIds: (one: string, other: string) => number) {
    this.#compareIds = compareIds;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The first entry; undefined if the heap is empty. */
  first(): Readonly<Entry> | undefined {
    return this.#entries[0];
  }

  get(id: string): number | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.#entries[place]?.at;
  }

  /** Inserts an id, or moves it. */
  set(id: string, at: number): void {
    const place = this.#places.get(id) ?? this.#entries.length;
    this.#place({ id, at }, place);
    this.#settle(place);
  }

  /** Returns whether the id was in the heap. */
  delete(id: string): boolean {
    const place = this.#places.get(id);
    if (place === undefined) return false;
    this.#places.delete(id);
    const last = this.#entries.pop();
    if (last && place < this.#entries.length) {
      this.#place(last, place);
      this.#settle(place);
    }
    return true;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#places.clear();
  }

  /** All entries, in no particular order. */
  entries(): Iterable<Readonly<Entry>> {
    return this.#entries;
  }

  copy(): FairQueueHeap {
    const copy = new FairQueueHeap(this.#compareIds);
    for (const [place, entry] of this.#entries.entries()) copy.#place(entry, place);
    return copy;
  }

  #settle(from: number): void {
    let place = from;
    for (;;) {
      const parent = (place - 1) >> 1;
      if (place === 0 || !this.#isBefore(place, parent)) break;
      this.#swap(place, parent);
      place = parent;
    }
    for (;;) {
      let first = place;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < this.#entries.length && this.#isBefore(child, first)) first = child;
      }
      if (first === place) return;
      this.#swap(place, first);
      place = first;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#entry(one), this.#entry(other)];
    return a.at === b.at ? this.#compareIds(a.id, b.id) < 0 : a.at < b.at;
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#entry(one), this.#entry(other)];
    this.#place(b, one);
    this.#place(a, other);
  }

  #place(entry: Entry, place: number): void {
    this.#entries[place] = entry;
    this.#places.set(entry.id, place);
  }

  #entry(place: number): Entry {
    const entry = this.#entries[place];
    if (!entry) throw new Error(`The heap has no position ${place}.`);
    return entry;
  }
}

type Entry = { id: string; at: number };
