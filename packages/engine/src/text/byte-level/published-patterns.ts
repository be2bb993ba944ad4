import { cl100kWords, o200kWords, type WordPattern } from './word-patterns.ts';

const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const LEAD = String.raw`[^\r\n\p{L}\p{N}]?`;
const STARTS = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const ENDS = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const SPACES = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;

/** By their text in `tokenizer.json`. The engine scans for them and never runs them. */
export const PUBLISHED_PATTERNS: ReadonlyMap<string, WordPattern> = new Map([
  [cl100k(String.raw`\p{N}{1,3}`), cl100kWords(3)],
  [cl100k(String.raw`\p{N}`), cl100kWords(1)],
  [
    [
      `${LEAD}${STARTS}*${ENDS}+${CONTRACTION}?`,
      `${LEAD}${STARTS}+${ENDS}*${CONTRACTION}?`,
      String.raw`\p{N}{1,3}`,
      String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
      SPACES,
    ].join('|'),
    o200kWords,
  ],
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
