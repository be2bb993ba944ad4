import type { IdBuffer } from './id-buffer.ts';

/** The merges of a byte-pair vocabulary by the ids they join. */
export type MergeTable = {
  /** `left * idCount + right` to an index into `rank` order; lower is merged first. */
  readonly rankOfPair: ReadonlyMap<number, number>;
  readonly mergedId: Int32Array;
  readonly idCount: number;
};

/**
 * Joins the pair of lowest rank, the leftmost among equals, until no pair has a rank. For words: it
 * looks along the whole of it for each merge.
 */
export function mergePairs(symbols: Int32Array, table: MergeTable): readonly number[] {
  const ids = Array.from(symbols);
  const ranks = ids.slice(1).map((right, place) => rankOf(ids[place] ?? 0, right, table));
  for (;;) {
    let best = 0;
    for (let place = 1; place < ranks.length; place += 1) {
      if ((ranks[place] ?? NO_RANK) < (ranks[best] ?? NO_RANK)) best = place;
    }
    const rank = ranks[best] ?? NO_RANK;
    if (rank === NO_RANK) return ids;

    ids.splice(best, 2, table.mergedId[rank] ?? 0);
    ranks.splice(best, 1);
    for (const place of [best - 1, best]) {
      const [left, right] = [ids[place], ids[place + 1]];
      if (left !== undefined && right !== undefined) ranks[place] = rankOf(left, right, table);
    }
  }
}

/**
 * The same for any length, written to the end of `into`: a heap over a linked list keeps it
 * O(n log n), so that a word of a million characters does not take hours, and it stops every few
 * hundred microseconds to let others run.
 */
export function* mergeInSteps(
  symbols: Int32Array,
  table: MergeTable,
  into: IdBuffer,
): Generator<undefined, void> {
  const size = symbols.length;
  const ids = new Int32Array(size);
  const previous = new Int32Array(size);
  const following = new Int32Array(size);
  const heap = new PlaceHeap(2 * size);
  let work = 0;

  const rankAt = (place: number) => {
    const next = following[place] ?? size;
    return next < size ? rankOf(ids[place] ?? 0, ids[next] ?? 0, table) : NO_RANK;
  };
  const offer = (place: number) => {
    const rank = rankAt(place);
    if (rank !== NO_RANK) heap.push(rank, place);
  };

  for (let place = size - 1; place >= 0; place -= 1) {
    ids[place] = symbols[place] ?? 0;
    previous[place] = place - 1;
    following[place] = place + 1;
    offer(place);
    if ((work += 1) % STEP === 0) yield;
  }

  for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) {
    if ((work += 1) % STEP === 0) yield;
    const { rank, place } = entry;
    // A neighbour may have been merged since this was offered; then the pair is another one.
    if (ids[place] === GONE || rankAt(place) !== rank) continue;

    const next = following[place] ?? size;
    ids[place] = table.mergedId[rank] ?? 0;
    ids[next] = GONE;
    const afterNext = following[next] ?? size;
    following[place] = afterNext;
    if (afterNext < size) previous[afterNext] = place;

    offer(place);
    const before = previous[place] ?? -1;
    if (before >= 0) offer(before);
  }

  for (let place = 0; place < size; place = following[place] ?? size) {
    into.push(ids[place] ?? 0);
    if ((work += 1) % STEP === 0) yield;
  }
}

function rankOf(left: number, right: number, { rankOfPair, idCount }: MergeTable): number {
  return rankOfPair.get(left * idCount + right) ?? NO_RANK;
}

const NO_RANK = Number.POSITIVE_INFINITY;
const GONE = -1;
/** Places looked at between two stops; a few hundred microseconds. */
const STEP = 512;

/**
 * A binary heap of (rank, place), lowest rank first, then lowest place. Each merge takes one entry
 * and offers two, so twice the places are room enough.
 */
class PlaceHeap {
  readonly #keys: Float64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#keys = new Float64Array(capacity);
  }

  push(rank: number, place: number): void {
    const keys = this.#keys;
    const key = rank * PLACES_MAX + place;
    let at = this.#size;
    this.#size += 1;
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
    if (this.#size === 0) return undefined;
    const top = this.#keys[0] ?? 0;
    this.#size -= 1;
    if (this.#size > 0) this.#sink(this.#keys[this.#size] ?? 0);
    return { rank: Math.floor(top / PLACES_MAX), place: top % PLACES_MAX };
  }

  #sink(key: number): void {
    const keys = this.#keys;
    const size = this.#size;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && (keys[child + 1] ?? 0) < (keys[child] ?? 0)) child += 1;
      const childKey = keys[child] ?? 0;
      if (childKey >= key) break;
      keys[at] = childKey;
      at = child;
    }
    keys[at] = key;
  }
}

// Ranks stay below 2^20 and places below 2^32, so that a key is exact in a double.
const PLACES_MAX = 2 ** 32;
