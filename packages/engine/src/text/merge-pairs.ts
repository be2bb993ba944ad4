/** The merges of a byte-pair vocabulary by the ids they join. */
export type MergeTable = {
  /** `left * idCount + right` to an index into `rank` order; lower is merged first. */
  readonly rankOfPair: ReadonlyMap<number, number>;
  readonly mergedId: Int32Array;
  readonly idCount: number;
};

/**
 * Joins the pair of lowest rank, the leftmost among equals, until no pair has a rank. A heap over a
 * linked list keeps this O(n log n): one word of 60,000 characters must not stop the process.
 */
export function mergePairs(symbols: readonly number[], table: MergeTable): number[] {
  const { rankOfPair, mergedId, idCount } = table;
  const size = symbols.length;
  if (size < 2) return [...symbols];

  const ids = Int32Array.from(symbols);
  const previous = Int32Array.from(symbols, (_, place) => place - 1);
  const following = Int32Array.from(symbols, (_, place) => place + 1);
  const heap = new PlaceHeap();

  const offer = (place: number) => {
    const next = following[place] ?? size;
    if (next >= size) return;
    const rank = rankOfPair.get((ids[place] ?? 0) * idCount + (ids[next] ?? 0));
    if (rank !== undefined) heap.push(rank, place);
  };
  for (let place = 0; place < size - 1; place += 1) offer(place);

  for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) {
    const { rank, place } = entry;
    const next = following[place] ?? size;
    // A neighbour may have been merged since this was offered; then the pair is another one.
    if (ids[place] === GONE || next >= size) continue;
    if (rankOfPair.get((ids[place] ?? 0) * idCount + (ids[next] ?? 0)) !== rank) continue;

    ids[place] = mergedId[rank] ?? 0;
    ids[next] = GONE;
    const afterNext = following[next] ?? size;
    following[place] = afterNext;
    if (afterNext < size) previous[afterNext] = place;

    offer(place);
    const before = previous[place] ?? -1;
    if (before >= 0) offer(before);
  }

  const merged: number[] = [];
  for (let place = 0; place < size; place = following[place] ?? size) merged.push(ids[place] ?? 0);
  return merged;
}

const GONE = -1;

/** A binary heap of (rank, place), lowest rank first, then lowest place. */
class PlaceHeap {
  readonly #keys: number[] = [];

  push(rank: number, place: number): void {
    const keys = this.#keys;
    const key = rank * PLACES_MAX + place;
    let at = keys.length;
    keys.push(key);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentKey = keys[parent] ?? 0;
      if (parentKey <= key) break;
      keys[at] = parentKey;
      at = parent;
    }
    keys[at] = key;
  }

  pop(): { rank: number; place: number } | undefined {
    const keys = this.#keys;
    const top = keys[0];
    const last = keys.pop();
    if (top === undefined || last === undefined) return undefined;
    if (keys.length > 0) this.#sink(last);
    return { rank: Math.floor(top / PLACES_MAX), place: top % PLACES_MAX };
  }

  #sink(key: number): void {
    const keys = this.#keys;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= keys.length) break;
      if ((keys[child + 1] ?? Infinity) < (keys[child] ?? Infinity)) child += 1;
      if ((keys[child] ?? Infinity) >= key) break;
      keys[at] = keys[child] ?? 0;
      at = child;
    }
    keys[at] = key;
  }
}

// Ranks stay below 2^20 and places below 2^32, so that a key is exact in a double.
const PLACES_MAX = 2 ** 32;
