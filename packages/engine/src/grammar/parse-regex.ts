import { EngineError } from '../engine-error.ts';
import { ALL_CHARACTERS, exclude, type Range } from './characters.ts';
import { choice, EMPTY, type Node, repeat, sequence } from './node.ts';

/** How a set of characters is written: as itself, or escaped inside a JSON string. */
export type WriteCharacters = (ranges: readonly Range[]) => Node;

const REPEAT_MAX = 10_000;
const DEPTH_MAX = 64;

const DIGITS: readonly Range[] = [[0x30, 0x39]];
const WORD: readonly Range[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const LINE_ENDS: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];
const SPACES: readonly Range[] = [
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
];
const CLASSES: Readonly<Record<string, readonly Range[]>> = {
  d: DIGITS,
  w: WORD,
  s: SPACES,
  D: exclude(ALL_CHARACTERS, DIGITS),
  W: exclude(ALL_CHARACTERS, WORD),
  S: exclude(ALL_CHARACTERS, SPACES),
};
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, '0': 0 };

/**
 * Reads a regular expression of JavaScript's syntax that a whole text must match. What looks at its
 * surroundings (lookaround, back references, word borders) is refused, and `^` and `$` may only stand
 * at the ends, where they say nothing new. Throws `EngineError('input')` naming `field` and place.
 */
export function parseRegex(pattern: string, field: string, writeCharacters: WriteCharacters): Node {
  const characters = Array.from(pattern);
  let at = 0;
  let depth = 0;

  const fail = (problem: string) =>
    new EngineError('input', `${field}: ${problem} (at character ${at + 1}).`);
  const write = (ranges: readonly Range[]) => {
    const node = writeCharacters(ranges);
    if (node.kind === 'choice' && node.options.length === 0) throw fail('nothing matches this');
    return node;
  };
  const peek = () => characters[at];
  const take = (wanted: string) => {
    if (
      !characters
        .slice(at, at + wanted.length)
        .join('')
        .startsWith(wanted)
    )
      return false;
    at += wanted.length;
    return true;
  };

  function readChoice(): Node {
    const options = [readSequence()];
    while (take('|')) options.push(readSequence());
    return choice(...options);
  }

  function readSequence(): Node {
    const items: Node[] = [];
    if (peek() === '^') {
      if (depth > 0 && !isAtStart()) throw fail('^ may only stand at the start');
      at += 1;
    }
    while (peek() !== undefined && peek() !== '|' && peek() !== ')') {
      if (take('$')) {
        if (peek() !== undefined && peek() !== '|' && !isAtEnd()) {
          throw fail('$ may only stand at the end');
        }
        continue;
      }
      items.push(readRepeated(readAtom()));
    }
    return items.length === 1 && items[0] ? items[0] : sequence(...items);
  }

  // Only groups are open before it, or only closed behind it.
  function isAtStart(): boolean {
    return /^(?:\((?:\?:|\?<\w+>)?)*$/u.test(characters.slice(0, at).join(''));
  }
  function isAtEnd(): boolean {
    return characters.slice(at).every((character) => character === ')');
  }

  function readRepeated(item: Node): Node {
    const [min, max] = readCounts() ?? [1, 1];
    // Greedy or lazy is a matter of what is found first; here every match counts.
    if (min !== 1 || max !== 1) take('?');
    if ('*+?'.includes(peek() ?? ' ')) throw fail('nothing to repeat');
    return min === 1 && max === 1 ? item : repeat(item, min, max);
  }

  function readCounts(): [number, number] | undefined {
    if (take('*')) return [0, Number.POSITIVE_INFINITY];
    if (take('+')) return [1, Number.POSITIVE_INFINITY];
    if (take('?')) return [0, 1];
    const written = /^\{(\d+)(?:(,)(\d*))?\}/u.exec(characters.slice(at, at + 24).join(''));
    if (!written) return undefined;
    const [whole, low = '', comma, high = ''] = written;
    const min = Number(low);
    const max = !comma ? min : high === '' ? Number.POSITIVE_INFINITY : Number(high);
    if (max < min) throw fail('the counts of a repetition are out of order');
    if (Math.max(min, Number.isFinite(max) ? max : 0) > REPEAT_MAX) {
      throw fail(`a repetition counts to ${REPEAT_MAX} at most`);
    }
    at += whole.length;
    return [min, max];
  }

  function readAtom(): Node {
    if (take('(')) return readGroup();
    if (take('[')) return write(readClass());
    if (take('.')) return write(exclude(ALL_CHARACTERS, LINE_ENDS));
    if ('*+?'.includes(peek() ?? ' ')) throw fail('nothing to repeat');
    if (take('\\')) return write(readEscape());
    if (peek() === '^') throw fail('^ may only stand at the start');
    const codePoint = characters[at]?.codePointAt(0) ?? 0;
    at += 1;
    return write([[codePoint, codePoint]]);
  }

  function readGroup(): Node {
    if (take('?')) {
      const isNamed = /^<\w+>/u.exec(characters.slice(at, at + 64).join(''));
      if (isNamed) at += isNamed[0].length;
      else if (!take(':')) throw fail('lookaround and flags are not supported');
    }
    depth += 1;
    if (depth > DEPTH_MAX) throw fail(`groups are nested deeper than ${DEPTH_MAX}`);
    const inner = readChoice();
    depth -= 1;
    if (!take(')')) throw fail('a group is not closed');
    return inner;
  }

  function readClass(): Range[] {
    const isNegated = take('^');
    const ranges: Range[] = [];
    while (!take(']')) {
      if (peek() === undefined) throw fail('a class is not closed');
      const from = readClassPart();
      const isRange =
        peek() === '-' && characters[at + 1] !== ']' && characters[at + 1] !== undefined;
      if (!isRange) {
        ranges.push(...from);
        continue;
      }
      at += 1;
      const to = readClassPart();
      const [first, last] = [from[0]?.[0] ?? 0, to[0]?.[0] ?? 0];
      if (!isOne(from) || !isOne(to) || first > last)
        throw fail('a range in a class is out of order');
      ranges.push([first, last]);
    }
    return isNegated ? exclude(ALL_CHARACTERS, ranges) : ranges;
  }

  function readClassPart(): readonly Range[] {
    if (take('\\')) return take('b') ? [[8, 8]] : readEscape();
    const codePoint = characters[at]?.codePointAt(0) ?? 0;
    at += 1;
    return [[codePoint, codePoint]];
  }

  function readEscape(): readonly Range[] {
    const letter = characters[at] ?? '';
    at += 1;
    const known = CLASSES[letter];
    if (known) return known;
    const control = CONTROLS[letter];
    const codePoint =
      control ?? (letter === 'x' || letter === 'u' ? readHex(letter) : letter.codePointAt(0));
    if (codePoint === undefined) throw fail('a backslash stands at the end');
    if (control === undefined && /[a-tv-wyzA-Z1-9]/u.test(letter)) {
      throw fail(`\\${letter} is not supported`);
    }
    return [[codePoint, codePoint]];
  }

  function readHex(letter: 'x' | 'u'): number {
    const written = characters.slice(at, at + 10).join('');
    const digits =
      letter === 'x'
        ? /^([0-9a-f]{2})/iu.exec(written)
        : /^(?:([0-9a-f]{4})|\{([0-9a-f]{1,6})\})/iu.exec(written);
    const codePoint = Number.parseInt(digits?.[1] ?? digits?.[2] ?? '', 16);
    if (!digits || codePoint > 0x10ffff) throw fail(`\\${letter} needs hexadecimal digits`);
    at += digits[0].length;
    return codePoint;
  }

  const node = readChoice();
  if (at < characters.length) throw fail('a group is closed that was not open');
  return pattern === '' ? EMPTY : node;
}

function isOne(ranges: readonly Range[]): boolean {
  return ranges.length === 1 && ranges[0]?.[0] === ranges[0]?.[1];
}
