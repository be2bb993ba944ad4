import type { IdBuffer } from './id-buffer.ts';

/** The merges of a byte-pair vocabulary, by the ids they join. */
export type MergeTable = {
  /** From `left * idCount + right` to the rank; the lowest rank is merged first. */
  readonly rankOfPair: ReadonlyMap<number, number>;
  readonly mergedId: Int32Array;
  readonly idCount: number;
};

/**
 * Joins the pair of lowest rank, the leftmost among equal ones, until no pair has a rank. For
 * words: each merge scans the whole word.
 */
export function mergePairs(symbols: Int32Array, table: MergeTable): readonly number[] {
  const ids = Array.from(symbols);
  const ranks = ids.slice(1).map((right, position) => rankOf(ids[position] ?? 0, right, table));
  for (;;) {
    let best = 0;
    for (let position = 1; position < ranks.length; position += 1) {
      if ((ranks[position] ?? NO_RANK) < (ranks[best] ?? NO_RANK)) best = position;
    }
    const rank = ranks[best] ?? NO_RANK;
    if (rank === NO_RANK) return ids;

    ids.splice(best, 2, table.mergedId[rank] ?? 0);
    ranks.splice(best, 1);
    for (const position of [best - 1, best]) {
      const [left, right] = [ids[position], ids[position + 1]];
      if (left !== undefined && right !== undefined) ranks[position] = rankOf(left, right, table);
    }
  }
}

/**
 * The same for any length, appended to `into`. A heap over a linked list takes O(n log n), so a
 * word of a million characters does not take hours. It yields every few hundred microseconds.
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
  const heap = new PositionHeap(2 * size);
  let work = 0;

  const rankAt = (position: number) => {
    const next = following[position] ?? size;
    return next < size ? rankOf(ids[position] ?? 0, ids[next] ?? 0, table) : NO_RANK;
  };
  const offer = (position: number) => {
    const rank = rankAt(position);
    if (rank !== NO_RANK) heap.push(rank, position);
  };

  for (let position = size - 1; position >= 0; position -= 1) {
    ids[position] = symbols[position] ?? 0;
    previous[position] = position - 1;
    following[position] = position + 1;
    offer(position);
    if ((work += 1) % STEP === 0) yield;
  }

  for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) {
    if ((work += 1) % STEP === 0) yield;
    const { rank, position } = entry;
    // A neighbour may have been merged since this entry was added; the pair is then another one.
    if (ids[position] === GONE || rankAt(position) !== rank) continue;

    const next = following[position] ?? size;
    ids[position] = table.mergedId[rank] ?? 0;
    ids[next] = GONE;
    const afterNext = following[next] ?? size;
    following[position] = afterNext;
    if (afterNext < size) previous[afterNext] = position;

    offer(position);
    const before = previous[position] ?? -1;
    if (before >= 0) offer(before);
  }

  for (let position = 0; position < size; position = following[position] ?? size) {
    into.push(ids[position] ?? 0);
    if ((work += 1) % STEP === 0) yield;
  }
}

function rankOf(left: number, right: number, { rankOfPair, idCount }: MergeTable): number {
  return rankOfPair.get(left * idCount + right) ?? NO_RANK;
}

const NO_RANK = Number.POSITIVE_INFINITY;
const GONE = -1;
/** Entries handled between two yields; a few hundred microseconds. */
const STEP = 512;

/**
 * A binary heap of (rank, position), lowest rank first, then lowest position. Each merge removes
 * one entry and adds two, so a capacity of twice the positions is enough.
 */
class PositionHeap {
  readonly #keys: Float64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#keys = new Float64Array(capacity);
  }

  push(rank: number, position: number): void {
    const keys = this.#keys;
    const key = rank * POSITIONS_MAX + position;
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

  pop(): { rank: number; position: number } | undefined {
    if (this.#size === 0) return undefined;
    const top = this.#keys[0] ?? 0;
    this.#size -= 1;
    if (this.#size > 0) this.#sink(this.#keys[this.#size] ?? 0);
    return { rank: Math.floor(top / POSITIONS_MAX), position: top % POSITIONS_MAX };
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

// Ranks are below 2^20 and positions below 2^32, so a key is exact in a double.
const POSITIONS_MAX = 2 ** 32;
