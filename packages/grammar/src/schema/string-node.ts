import { literal, type Node, NOTHING, repeat } from '../node.ts';
import { character } from '../regex/characters.ts';
import { parseRegex } from '../regex/parse-regex.ts';
import { textChoice } from '../text-choice.ts';
import { type TextLimit, textProduct } from '../text-product.ts';
import type { Part, SchemaReader } from './alternative.ts';
import { ANY_CHARACTER, stringOf, writeByte, writeEscaped } from './json-parts.ts';
import { NOT_ENUM, NOT_PATTERN } from './keywords.ts';
import { limitOf, valuesOf } from './members.ts';
import { FORMAT_PATTERNS } from './string-formats.ts';

/** More limits than the keywords of the parts: for the names of properties. */
export type NameLimits = { without: readonly string[]; patterns: readonly [string, boolean][] };
const NO_MORE: NameLimits = { without: [], patterns: [] };

/** A string under the keywords of all parts; `NOTHING` if there is none. */
export function stringNode(
  parts: readonly Part[],
  all: SchemaReader,
  field: string,
  more: NameLimits = NO_MORE,
): Node {
  const { work } = all;
  work.field = field;
  const lengths = lengthsOf(parts);
  if (lengths.min > lengths.max) return NOTHING;
  const patterns = textsOf(parts, 'pattern');
  const formats = textsOf(parts, 'format');
  const limits = [...exclusionsOf(parts, all, more.without)];
  for (const [pattern, occurs] of more.patterns) {
    limits.push({ node: all.patterns.nodeOf(pattern), isExcluded: !occurs });
  }
  const isCounted = lengths.min > 0 || Number.isFinite(lengths.max);
  if (limits.length === 0 && patterns.length + formats.length <= (isCounted ? 0 : 1)) {
    const written = patterns[0] ?? FORMAT_PATTERNS[formats[0] ?? ''];
    if (written === undefined) return stringOf(repeat(ANY_CHARACTER, lengths.min, lengths.max));
    work.field = `${field}.${patterns.length > 0 ? 'pattern' : 'format'}`;
    return stringOf(parseRegex(written, writeEscaped, work));
  }
  work.field = `${field}.${patterns.length > 0 ? 'pattern' : formats.length > 0 ? 'format' : 'type'}`;
  for (const format of new Set(formats)) {
    limits.push(included(parseRegex(FORMAT_PATTERNS[format] ?? '', character, work)));
  }
  const join = (wholes: readonly Node[]) =>
    textProduct([...limits, ...wholes.map(included)], lengths, { write: writeByte, work });
  let node = join(patterns.map((pattern) => parseRegex(pattern, character, work)));
  // Patterns that cannot match the same text as a whole may still occur in one.
  if (node === NOTHING && patterns.length > 0) {
    node = join(patterns.map((pattern) => all.patterns.nodeOf(pattern)));
  }
  return node === NOTHING ? NOTHING : stringOf(node);
}

/** Whether surely no string is valid. */
export function hasNoText(parts: readonly Part[], all: SchemaReader): boolean {
  const lengths = lengthsOf(parts);
  if (lengths.min > lengths.max) return true;
  const patterns = textsOf(parts, 'pattern');
  const limits = exclusionsOf(parts, all, []);
  if (patterns.length === 0 || patterns.length + limits.length < 2) return false;
  for (const pattern of patterns) limits.push(included(all.patterns.nodeOf(pattern)));
  const write = (code: number) => literal(String.fromCodePoint(code));
  return textProduct(limits, lengths, { write, work: all.work }) === NOTHING;
}

function lengthsOf(parts: readonly Part[]): { min: number; max: number } {
  return {
    min: limitOf(parts, 'minLength', Math.max, 0),
    max: limitOf(parts, 'maxLength', Math.min, Number.POSITIVE_INFINITY),
  };
}

function exclusionsOf(
  parts: readonly Part[],
  all: SchemaReader,
  without: readonly string[],
): TextLimit[] {
  const values = [...valuesOf(parts, NOT_ENUM).flat(), ...without];
  const texts = values.filter((value) => typeof value === 'string');
  return [
    ...textsOf(parts, NOT_PATTERN).map((pattern) => ({
      node: all.patterns.nodeOf(pattern),
      isExcluded: true,
    })),
    ...(texts.length > 0 ? [{ node: textChoice(texts), isExcluded: true }] : []),
  ];
}

function included(node: Node): TextLimit {
  return { node, isExcluded: false };
}

function textsOf(parts: readonly Part[], keyword: string): string[] {
  return valuesOf(parts, keyword).filter((value) => typeof value === 'string');
}
