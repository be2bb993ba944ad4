import {
  byte,
  choice,
  EMPTY,
  literal,
  type Node,
  NOTHING,
  optional,
  repeat,
  separated,
  sequence,
} from '../node.ts';
import { ALL_CHARACTERS, character, exclude, intersect, type Range } from '../regex/characters.ts';

// JSON on one line in Python's style: models have seen it most, and it spends no tokens on
// indentation.
export const COMMA = literal(', ');
const COLON = literal(': ');
const QUOTE = literal('"');

/** Characters that a JSON string holds without an escape. */
const PLAIN = exclude(ALL_CHARACTERS, [
  [0, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
]);
const SHORT_ESCAPES: readonly (readonly [number, string])[] = [
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
];

/** A set of characters as they are written in a JSON string. */
export function writeEscaped(ranges: readonly Range[]): Node {
  const escapes = SHORT_ESCAPES.filter(([code]) => intersect(ranges, [[code, code]]).length > 0);
  const plain = intersect(ranges, PLAIN);
  // Control characters without a short escape are left out; no realistic schema needs them.
  const options = [
    ...(plain.length > 0 ? [character(plain)] : []),
    ...escapes.map(([, written]) => literal(written)),
  ];
  return options.length > 0 ? choice(...options) : NOTHING;
}

/** A byte of ASCII as it is written in a JSON string; undefined if it cannot be. */
export function writeByte(code: number): Node | undefined {
  if (code >= 0x20 && code !== 0x22 && code !== 0x5c) return byte(code);
  const escape = SHORT_ESCAPES.find(([known]) => known === code);
  return escape && literal(escape[1]);
}

/**
 * One character of any string. Escaped surrogates are excluded, because one could appear without
 * its pair.
 */
export const ANY_CHARACTER = writeEscaped(ALL_CHARACTERS);
export const ANY_STRING = stringOf(repeat(ANY_CHARACTER, 0, Number.POSITIVE_INFINITY));

export function stringOf(characters: Node): Node {
  return sequence(QUOTE, characters, QUOTE);
}

export function member(name: Node, value: Node): Node {
  return sequence(name, COLON, value);
}

export function objectOf(pair: Node): Node {
  const pairs = separated(pair, COMMA, 1, Number.POSITIVE_INFINITY);
  return sequence(literal('{'), optional(pairs), literal('}'));
}

export function arrayOf(item: Node, min: number, max: number): Node {
  const items = max === 0 ? EMPTY : separated(item, COMMA, Math.max(1, min), max);
  return sequence(literal('['), min === 0 ? optional(items) : items, literal(']'));
}
