/**
 * A binary heap of ids, ordered by a number and then by `compareIds`, with an index of positions.
 */
export class FairQueueHeap {
  readonly #compareIds: (one: string, other: string) => number;
  readonly #entries: Entry[] = [];
  readonly #positions = new Map<string, number>();

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
    const position = this.#positions.get(id);
    return position === undefined ? undefined : this.#entries[position]?.at;
  }

  /** Inserts an id, or moves it. */
  set(id: string, at: number): void {
    const position = this.#positions.get(id) ?? this.#entries.length;
    this.#put({ id, at }, position);
    this.#settle(position);
  }

  /** Returns whether the id was in the heap. */
  delete(id: string): boolean {
    const position = this.#positions.get(id);
    if (position === undefined) return false;
    this.#positions.delete(id);
    const last = this.#entries.pop();
    if (last && position < this.#entries.length) {
      this.#put(last, position);
      this.#settle(position);
    }
    return true;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#positions.clear();
  }

  /** All entries, in no particular order. */
  entries(): Iterable<Readonly<Entry>> {
    return this.#entries;
  }

  copy(): FairQueueHeap {
    const copy = new FairQueueHeap(this.#compareIds);
    for (const [position, entry] of this.#entries.entries()) copy.#put(entry, position);
    return copy;
  }

  #settle(from: number): void {
    let position = from;
    for (;;) {
      const parent = (position - 1) >> 1;
      if (position === 0 || !this.#isBefore(position, parent)) break;
      this.#swap(position, parent);
      position = parent;
    }
    for (;;) {
      let first = position;
      for (const child of [2 * position + 1, 2 * position + 2]) {
        if (child < this.#entries.length && this.#isBefore(child, first)) first = child;
      }
      if (first === position) return;
      this.#swap(position, first);
      position = first;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#entry(one), this.#entry(other)];
    return a.at === b.at ? this.#compareIds(a.id, b.id) < 0 : a.at < b.at;
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#entry(one), this.#entry(other)];
    this.#put(b, one);
    this.#put(a, other);
  }

  #put(entry: Entry, position: number): void {
    this.#entries[position] = entry;
    this.#positions.set(entry.id, position);
  }

  #entry(position: number): Entry {
    const entry = this.#entries[position];
    if (!entry) throw new Error(`The heap has no position ${position}.`);
    return entry;
  }
}

type Entry = { id: string; at: number };
