import { ALL_CHARACTERS, exclude, inOrder, type Range } from './characters.ts';
import type { PatternReader } from './pattern-reader.ts';

export const LINE_ENDS: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];
const DIGITS: readonly Range[] = [[0x30, 0x39]];
const WORD: readonly Range[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const SPACES: readonly Range[] = inOrder([
  ...LINE_ENDS,
  [0x09, 0x09],
  [0x0b, 0x0c],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
const CLASSES: ReadonlyMap<string, readonly Range[]> = new Map([
  ['d', DIGITS],
  ['w', WORD],
  ['s', SPACES],
  ['D', exclude(ALL_CHARACTERS, DIGITS)],
  ['W', exclude(ALL_CHARACTERS, WORD)],
  ['S', exclude(ALL_CHARACTERS, SPACES)],
]);
const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['f', 12],
  ['v', 11],
  ['0', 0],
]);

/** The characters of a class. Its `[` has already been read. */
export function readClass(reader: PatternReader): Range[] {
  const isNegated = reader.take('^');
  const ranges: Range[] = [];
  while (!reader.take(']')) {
    if (reader.isAtEnd) {
      throw reader.refuse('is not a regular expression: a class is not closed');
    }
    const from = readClassPart(reader);
    if (!reader.isAt('-') || reader.isAt('-]')) {
      ranges.push(...from);
      continue;
    }
    reader.take('-');
    const to = readClassPart(reader);
    const [first, last] = [oneOf(from), oneOf(to)];
    if (first === undefined || last === undefined) {
      throw reader.refuse('has a range in a class whose ends are not characters');
    }
    if (first > last) {
      throw reader.refuse('is not a regular expression: a range in a class is out of order');
    }
    ranges.push([first, last]);
  }
  return isNegated ? exclude(ALL_CHARACTERS, inOrder(ranges)) : inOrder(ranges);
}

function readClassPart(reader: PatternReader): readonly Range[] {
  if (!reader.take('\\')) {
    const codePoint = reader.next();
    return [[codePoint, codePoint]];
  }
  if (reader.take('b')) return [[8, 8]];
  return readEscape(reader);
}

/** The characters of an escape. Its backslash has already been read. */
export function readEscape(reader: PatternReader): readonly Range[] {
  const codePoint = reader.next();
  const letter = String.fromCodePoint(codePoint);
  const known = CLASSES.get(letter);
  if (known) return known;
  const escaped = letter === 'x' || letter === 'u' ? readHex(reader, letter) : undefined;
  const control = CONTROLS.get(letter);
  const isOctal = letter === '0' && reader.takeMatch(/\d/uy) !== undefined;
  const isUnknown = escaped === undefined && control === undefined && /\w/u.test(letter);
  if (isOctal || isUnknown) throw reader.refuse(`may not use \\${letter}`);
  const meant = escaped ?? control ?? codePoint;
  return [[meant, meant]];
}

/** Two escapes that make a surrogate pair are one character, as with the flag `u`. */
function readHex(reader: PatternReader, letter: 'x' | 'u'): number {
  const digits = reader.takeMatch(
    letter === 'x' ? /[0-9a-f]{2}/iuy : /[0-9a-f]{4}|\{[0-9a-f]{1,8}\}/iuy,
  );
  const codePoint = Number.parseInt(digits?.replace('{', '') ?? '', 16);
  if (digits === undefined || codePoint > 0x10ffff) {
    throw reader.refuse(`has a \\${letter} without the hexadecimal digits of a character`);
  }
  const isPlain = letter === 'u' && !digits.startsWith('{');
  const low =
    isPlain && isHigh(codePoint) ? reader.takeMatch(/\\ud[c-f][0-9a-f]{2}/iuy) : undefined;
  if (low !== undefined) {
    return String.fromCharCode(codePoint, Number.parseInt(low.slice(2), 16)).codePointAt(0) ?? 0;
  }
  return codePoint;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function oneOf(ranges: readonly Range[]): number | undefined {
  const [only] = ranges;
  return ranges.length === 1 && only && only[0] === only[1] ? only[0] : undefined;
}
