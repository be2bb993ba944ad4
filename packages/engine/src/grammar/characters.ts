import { choice, type Node, sequence } from './node.ts';

/** Code points from the first to the last, both in. */
export type Range = readonly [from: number, to: number];

/** Everything that UTF-8 can say: surrogates are no characters. */
export const ALL_CHARACTERS: readonly Range[] = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
];

/** One character of the ranges, as its bytes in UTF-8. */
export function character(ranges: readonly Range[]): Node {
  return choice(...normalise(ranges).flatMap(([from, to]) => byteNodes(from, to)));
}

/** What is in `all` and in none of `without`. */
export function exclude(all: readonly Range[], without: readonly Range[]): Range[] {
  let left = normalise(all);
  for (const [from, to] of normalise(without)) {
    left = left.flatMap(([first, last]): Range[] => [
      ...(first < from ? [[first, Math.min(last, from - 1)] as const] : []),
      ...(last > to ? [[Math.max(first, to + 1), last] as const] : []),
    ]);
  }
  return left;
}

/** What is in both. */
export function intersect(left: readonly Range[], right: readonly Range[]): Range[] {
  return exclude(left, exclude(ALL_CHARACTERS, right));
}

/** In order, without overlaps and without surrogates. */
function normalise(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  const whole = ranges.flatMap(([from, to]) =>
    ALL_CHARACTERS.map(([first, last]): Range => [Math.max(from, first), Math.min(to, last)]),
  );
  for (const [from, to] of whole.toSorted((left, right) => left[0] - right[0])) {
    if (from > to) continue;
    const last = merged.at(-1);
    if (last && from <= last[1] + 1) merged[merged.length - 1] = [last[0], Math.max(last[1], to)];
    else merged.push([from, to]);
  }
  return merged;
}

/** Where the number of bytes changes. */
const LENGTH_ENDS = [0x7f, 0x7ff, 0xffff, 0x10ffff];

/** Splits a range until each part is one range per byte: `E0-E3 80-BF 80-BF` and the like. */
function byteNodes(from: number, to: number): Node[] {
  const lengthEnd = LENGTH_ENDS.find((end) => from <= end) ?? to;
  if (to > lengthEnd) return [...byteNodes(from, lengthEnd), ...byteNodes(lengthEnd + 1, to)];

  // Six bits at a time: where the upper bits differ, the lower ones must be whole.
  for (let bits = 6; bits < 6 * LENGTH_ENDS.indexOf(lengthEnd) + 1; bits += 6) {
    const low = (1 << bits) - 1;
    if (from >> bits === to >> bits) break;
    if ((from & low) !== 0)
      return [...byteNodes(from, from | low), ...byteNodes((from | low) + 1, to)];
    if ((to & low) !== low) {
      return [...byteNodes(from, (to & ~low) - 1), ...byteNodes(to & ~low, to)];
    }
  }
  const [first, last] = [encode(from), encode(to)];
  return [
    sequence(
      ...Array.from(first, (byte, at): Node => ({
        kind: 'byte',
        from: byte,
        to: last[at] ?? byte,
      })),
    ),
  ];
}

function encode(codePoint: number): Buffer {
  return Buffer.from(String.fromCodePoint(codePoint));
}
