import { byte, choice, EMPTY, type Node, NOTHING, sequence } from '../node.ts';

/** Code points from the first to the last, both included. */
export type Range = readonly [from: number, to: number];

/** Every character that UTF-8 can encode and that can be stored: no surrogates and no NUL. */
export const ALL_CHARACTERS: readonly Range[] = [
  [1, 0xd7ff],
  [0xe000, 0x10ffff],
];

/** One character of the ranges, as its bytes in UTF-8. */
export function character(ranges: readonly Range[]): Node {
  const wanted = intersect(ranges, ALL_CHARACTERS);
  const options = LENGTHS.flatMap(({ from, to, lead, tails }) => {
    const inside = intersect(wanted, [[from, to]]);
    return inside.length === 0 ? [] : leadNodes(inside, lead, tails);
  });
  return options.length === 0 ? NOTHING : choice(...options);
}

/** Sorted and without overlaps, as the other functions here require. */
export function inOrder(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const [from, to] of ranges.toSorted((left, right) => left[0] - right[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1] + 1) merged[merged.length - 1] = [last[0], Math.max(last[1], to)];
    else merged.push([from, to]);
  }
  return merged;
}

/** What is in `all` and not in `without`. */
export function exclude(all: readonly Range[], without: readonly Range[]): Range[] {
  const gaps: Range[] = [];
  let next = 0;
  for (const [from, to] of without) {
    if (from > next) gaps.push([next, from - 1]);
    next = to + 1;
  }
  gaps.push([next, LAST]);
  return intersect(all, gaps);
}

/** What is in both, in order. */
export function intersect(left: readonly Range[], right: readonly Range[]): Range[] {
  const both: Range[] = [];
  let other = 0;
  for (const [from, to] of left) {
    while ((right[other]?.[1] ?? LAST) < from) other += 1;
    for (let at = other; ; at += 1) {
      const range = right[at];
      if (!range || range[0] > to) break;
      both.push([Math.max(from, range[0]), Math.min(to, range[1])]);
    }
  }
  return both;
}

const LAST = 0x10ffff;

/**
 * How UTF-8 encodes code points of each size: the lead bits of the first byte, and how many bytes of six
 * bits follow.
 */
const LENGTHS = [
  { from: 0, to: 0x7f, lead: 0, tails: 0 },
  { from: 0x80, to: 0x7ff, lead: 0xc0, tails: 1 },
  { from: 0x800, to: 0xffff, lead: 0xe0, tails: 2 },
  { from: 0x10000, to: LAST, lead: 0xf0, tails: 3 },
] as const;
const TAIL = 0x80;
const TAIL_BITS = 6;

/**
 * A tree by bytes instead of a list of ranges: characters that share their first byte branch at the
 * next one, so a class of thousands of scattered characters adds few leaves to a state.
 */
function leadNodes(ranges: readonly Range[], leadBits: number, tails: number): Node[] {
  const bits = TAIL_BITS * tails;
  const low = 2 ** bits - 1;
  const nodes: Node[] = [];
  /**
   * What follows the current lead byte. A range may begin under one lead byte and end under
   * another.
   */
  let parts: Range[] = [];
  let partsLead = 0;
  const close = () => {
    if (parts.length === 0) return;
    nodes.push(sequence(byte(leadBits | partsLead), tailNode(parts, tails)));
    parts = [];
  };
  const add = (lead: number, range: Range) => {
    if (lead !== partsLead) close();
    partsLead = lead;
    parts.push(range);
  };
  for (const [from, to] of ranges) {
    let first = from >> bits;
    let last = to >> bits;
    if (first === last && (from & low) + (low - (to & low)) > 0) {
      add(first, [from & low, to & low]);
      continue;
    }
    if ((from & low) !== 0) {
      add(first, [from & low, low]);
      first += 1;
    }
    const ends = (to & low) === low ? undefined : to & low;
    if (ends !== undefined) last -= 1;
    if (first <= last) {
      close();
      nodes.push(sequence(byte(leadBits | first, leadBits | last), ANY_TAILS[tails] ?? EMPTY));
    }
    if (ends !== undefined) add(last + 1, [0, ends]);
  }
  close();
  return nodes;
}

function tailNode(ranges: readonly Range[], tails: number): Node {
  return tails === 0 ? EMPTY : choice(...leadNodes(ranges, TAIL, tails - 1));
}

const ANY_TAIL = byte(TAIL, TAIL | (2 ** TAIL_BITS - 1));
const ANY_TAILS = [0, 1, 2, 3].map((tails) =>
  sequence(...Array.from({ length: tails }, () => ANY_TAIL)),
);
