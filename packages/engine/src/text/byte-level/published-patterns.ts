import { cl100kWords, o200kWords, type WordPattern } from './word-patterns.ts';

const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const LEAD = String.raw`[^\r\n\p{L}\p{N}]?`;
const STARTS = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const ENDS = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const SPACES = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;

/** The texts of the published patterns in `tokenizer.json`. */
export const PATTERN_TEXTS = {
  cl100kTriples: cl100k(String.raw`\p{N}{1,3}`),
  cl100kDigits: cl100k(String.raw`\p{N}`),
  o200k: [
    `${LEAD}${STARTS}*${ENDS}+${CONTRACTION}?`,
    `${LEAD}${STARTS}+${ENDS}*${CONTRACTION}?`,
    String.raw`\p{N}{1,3}`,
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
    SPACES,
  ].join('|'),
} as const;

/** By their texts. The engine scans for them and never runs them. */
export const PUBLISHED_PATTERNS: ReadonlyMap<string, WordPattern> = new Map([
  [PATTERN_TEXTS.cl100kTriples, cl100kWords(3)],
  [PATTERN_TEXTS.cl100kDigits, cl100kWords(1)],
  [PATTERN_TEXTS.o200k, o200kWords],
]);

function cl100k(digits: string): string {
  return [
    CONTRACTION,
    String.raw`${LEAD}\p{L}+`,
    digits,
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`,
    SPACES,
  ].join('|');
}
