import { choice, EMPTY, type Node, repeat, sequence } from '../node.ts';
import type { Work } from '../work.ts';
import { LINE_ENDS, readClass, readEscape } from './character-class.ts';
import { ALL_CHARACTERS, exclude, type Range } from './characters.ts';
import { padded } from './pad-pattern.ts';
import type { Part } from './part.ts';
import { PatternReader } from './pattern-reader.ts';

/** How a set of characters is written: literally, or escaped as in a JSON string. */
export type WriteCharacters = (ranges: readonly Range[]) => Node;

const REPEAT_MAX = 10_000;
const DEPTH_MAX = 64;
/**
 * The ranges of a class are sorted, split by bytes and checked for characters that can be written.
 */
const STEPS_PER_RANGE = 4;

/**
 * Reads a regular expression in JavaScript's syntax, by code points as with the flag `u`; it must
 * match the whole text. Constructs that depend on their surroundings (lookaround, back references,
 * word boundaries) are refused. `^` and `$` are allowed only at the ends, where they change
 * nothing. Throws `GrammarError` with `work.field` and the position of the character.
 */
export function parseRegex(pattern: string, write: WriteCharacters, work: Work): Node {
  return toNode(...readRegex(pattern, write, work), { isFirst: true, isLast: true });
}

/** The texts in which the pattern occurs; `^` and `$` bind it to the start and the end. */
export function parseSearchRegex(pattern: string, write: WriteCharacters, work: Work): Node {
  const [part, reader] = readRegex(pattern, write, work);
  const any: Part = { kind: 'node', node: repeat(write(ALL_CHARACTERS), 0, Infinity) };
  return toNode(padded(part, any, reader), reader, { isFirst: true, isLast: true });
}

function readRegex(
  pattern: string,
  write: WriteCharacters,
  work: Work,
): [part: Part, reader: PatternReader] {
  const reader = new PatternReader(pattern, work);
  const part = readPattern(reader, write, work);
  // This parser usually gives a more specific reason than JavaScript does.
  if (!isRegex(pattern)) throw reader.refuse('is not a regular expression');
  return [part, reader];
}

/**
 * The pattern is only compiled here, never run. It is also tried without the flag `u`, because many
 * patterns escape more than they must.
 */
function isRegex(pattern: string): boolean {
  return ['u', ''].some((flags) => {
    try {
      return RegExp(pattern, flags) instanceof RegExp;
    } catch {
      return false;
    }
  });
}

function readPattern(reader: PatternReader, write: WriteCharacters, work: Work): Part {
  let depth = 0;
  const whole = readChoice();
  if (!reader.isAtEnd) {
    throw reader.refuse('is not a regular expression: a closing parenthesis has no opening one');
  }
  return whole;

  function readChoice(): Part {
    const options = [readSequence()];
    while (reader.take('|')) options.push(readSequence());
    return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options };
  }

  function readSequence(): Part {
    const items: Part[] = [];
    while (!reader.isAtEnd && !reader.isAt('|') && !reader.isAt(')')) {
      items.push(readRepeated(readAtom()));
    }
    return { kind: 'sequence', items };
  }

  function readRepeated(item: Part): Part {
    const counts = readCounts(reader);
    if (!counts) return item;
    if (item.kind === 'anchor')
      throw reader.refuse('is not a regular expression: nothing to repeat');
    // Greedy and lazy differ only in which match is found first; here every match counts.
    reader.take('?');
    return { kind: 'repeat', item, ...counts };
  }

  function readAtom(): Part {
    const at = reader.at;
    if (readCounts(reader)) {
      reader.at = at;
      throw reader.refuse('is not a regular expression: nothing to repeat');
    }
    if (reader.take('^')) return { kind: 'anchor', symbol: '^', at };
    if (reader.take('$')) return { kind: 'anchor', symbol: '$', at };
    if (reader.take('(')) return readGroup();
    if (reader.take('[')) return written(readClass(reader), at);
    if (reader.take('.')) return written(exclude(ALL_CHARACTERS, LINE_ENDS), at);
    if (reader.take('\\')) return written(readEscape(reader), at);
    const codePoint = reader.next();
    return written([[codePoint, codePoint]], at);
  }

  function readGroup(): Part {
    if (reader.take('?')) {
      if (!reader.takeMatch(/<[\p{ID_Start}$_][\p{ID_Continue}$]*>/uy) && !reader.take(':')) {
        reader.at -= 2;
        throw reader.refuse(`may not use ${reader.takeMatch(/\(\?<?./suy) ?? '(?'}`);
      }
    }
    depth += 1;
    if (depth > DEPTH_MAX) throw reader.refuse(`may not nest groups deeper than ${DEPTH_MAX}`);
    const inner = readChoice();
    depth -= 1;
    if (!reader.take(')')) {
      throw reader.refuse('is not a regular expression: a group is not closed');
    }
    return inner;
  }

  function written(ranges: readonly Range[], at: number): Part {
    work.spend(1 + STEPS_PER_RANGE * ranges.length);
    const node = write(ranges);
    if (node.kind !== 'choice' || node.options.length > 0) return { kind: 'node', node };
    reader.at = at;
    throw reader.refuse('requires a character that no answer can contain');
  }
}

function readCounts(reader: PatternReader): { min: number; max: number } | undefined {
  if (reader.take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
  if (reader.take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
  if (reader.take('?')) return { min: 0, max: 1 };
  if (!reader.isAt('{')) return undefined;
  // JavaScript reads `{,n}` as text, other engines as a count from 0.
  if (reader.takeMatch(/\{,\d+\}/uy))
    throw reader.refuse('must use {0,n}, or \\{ for a literal brace, instead of {,n}');
  const written = reader.takeMatch(/\{\d+(?:,\d*)?\}/uy);
  if (written === undefined) return undefined;
  const [low = '', high] = written.slice(1, -1).split(',');
  const min = Number(low);
  const max = high === undefined ? min : high === '' ? Number.POSITIVE_INFINITY : Number(high);
  if (max < min) {
    throw reader.refuse('is not a regular expression: the counts of a repetition are out of order');
  }
  if (min > REPEAT_MAX || (high !== '' && max > REPEAT_MAX)) {
    throw reader.refuse(`may not count a repetition to more than ${REPEAT_MAX}`);
  }
  return { min, max };
}

/** Whether nothing can come before a part, or after it. */
type Ends = { isFirst: boolean; isLast: boolean };

/** An anchor at the text's own end changes nothing; elsewhere it would need lookaround. */
function toNode(part: Part, reader: PatternReader, ends: Ends): Node {
  switch (part.kind) {
    case 'node':
      return part.node;
    case 'anchor':
      if (part.symbol === '^' ? ends.isFirst : ends.isLast) return EMPTY;
      reader.at = part.at;
      throw reader.refuse(
        `may use ${part.symbol} only at the ${part.symbol === '^' ? 'start' : 'end'} of the pattern`,
      );
    case 'sequence':
      return sequenceNode(part.items, ends, reader);
    case 'choice':
      return choice(...part.options.map((option) => toNode(option, reader, ends)));
    case 'repeat': {
      const inner = part.max > 1 ? { isFirst: false, isLast: false } : ends;
      return repeat(toNode(part.item, reader, inner), part.min, part.max);
    }
  }
}

function sequenceNode(items: readonly Part[], ends: Ends, reader: PatternReader): Node {
  const first = items.findIndex(({ kind }) => kind !== 'anchor');
  const last = items.findLastIndex(({ kind }) => kind !== 'anchor');
  const isEmpty = first === -1;
  return sequence(
    ...items.map((item, at) =>
      toNode(item, reader, {
        isFirst: ends.isFirst && (isEmpty || at <= first),
        isLast: ends.isLast && at >= last,
      }),
    ),
  );
}
