import {
  classesOf,
  LETTER,
  NEWLINE,
  NUMBER,
  OTHER,
  SPACE,
  WORD_END,
  WORD_START,
} from './character-class.ts';

/**
 * Finds where the word that begins at `start` ends, within a piece of the text that ends at `end`.
 * The published patterns are regular expressions that retry; these scan each character a bounded
 * number of times, so a text takes linear time.
 */
export type WordPattern = (text: string, start: number, end: number) => number;

/** GPT-2's pattern, which ByteLevel has built in. */
export const gpt2Words: WordPattern = (text, start, end) => {
  const contraction = contractionEnd(text, start, end, LOWER_CONTRACTION);
  if (contraction > start) return contraction;
  const first = text[start] === ' ' ? start + 1 : start;
  for (const kind of [LETTER, NUMBER, OTHER]) {
    const wordEnd = runEnd(text, first, end, kind);
    if (wordEnd > first) return wordEnd;
  }
  return spaceEnd(text, start, end);
};

/** The pattern of Llama 3 (three digits to a word) and of Qwen 2 (one). */
export function cl100kWords(digitsMax: number): WordPattern {
  return (text, start, end) => {
    const contraction = contractionEnd(text, start, end, CONTRACTION);
    if (contraction > start) return contraction;
    const first = afterLead(text, start, end);
    const wordEnd = runEnd(text, first, end, LETTER);
    if (wordEnd > first) return wordEnd;
    return notLettersEnd(text, start, end, { digitsMax, isTail: isNewline });
  };
}

/** The pattern of GPT-4o, which Phi-4-mini uses: a capital begins a word. */
export const o200kWords: WordPattern = (text, start, end) => {
  const afterFirst = afterLead(text, start, end);
  const starts = afterFirst > start ? [afterFirst, start] : [start];
  for (const endOf of [wordWithEnd, wordWithoutEnd]) {
    for (const first of starts) {
      const wordEnd = endOf(text, first, end);
      if (wordEnd > first) return contractionEnd(text, wordEnd, end, CONTRACTION);
    }
  }
  return notLettersEnd(text, start, end, {
    digitsMax: 3,
    isTail: (unit) => isNewline(unit) || unit === '/',
  });
};

/** Each digit is a word; what is between them stays whole. */
export const singleDigits: WordPattern = (text, start, end) => {
  const digitEnd = runEnd(text, start, end, NUMBER, 1);
  if (digitEnd > start) return digitEnd;
  let at = start;
  while (at < end) {
    const code = text.codePointAt(at) ?? 0;
    if (classesOf(code) & NUMBER) break;
    at += code > 0xff_ff ? 2 : 1;
  }
  return at;
};

const LOWER_CONTRACTION = /^(?:[stmd]|re|ve|ll)/u;
// With `i` and `u`, s is also ſ, as in the published pattern.
const CONTRACTION = /^(?:[stmd]|re|ve|ll)/iu;

/** The end of `'s`, `'ll` and the like; `start` if there is none. */
function contractionEnd(text: string, start: number, end: number, pattern: RegExp): number {
  if (start >= end || text[start] !== "'") return start;
  const found = pattern.exec(text.slice(start + 1, Math.min(start + 3, end)))?.[0];
  return found === undefined ? start : start + 1 + found.length;
}

/** The end of the run of characters of the given classes, at most `max` of them. */
function runEnd(
  text: string,
  start: number,
  end: number,
  classes: number,
  max = Number.POSITIVE_INFINITY,
): number {
  let at = start;
  for (let count = 0; at < end && count < max; count += 1) {
    let code = text.charCodeAt(at);
    if (code >= SURROGATES && code < SURROGATES_END) code = text.codePointAt(at) ?? code;
    if (!(classesOf(code) & classes)) break;
    at += code > 0xff_ff ? 2 : 1;
  }
  return at;
}

const SURROGATES = 0xd8_00;
const SURROGATES_END = 0xe0_00;

/** Past one character that may be before the letters of a word: neither a newline nor a number. */
function afterLead(text: string, start: number, end: number): number {
  if (start >= end) return start;
  const code = text.codePointAt(start) ?? 0;
  if (classesOf(code) & (NEWLINE | LETTER | NUMBER)) return start;
  return start + (code > 0xff_ff ? 2 : 1);
}

type Rest = { digitsMax: number; isTail: (unit: string | undefined) => boolean };

/** The alternatives of both newer patterns after the letters. */
function notLettersEnd(text: string, start: number, end: number, rest: Rest): number {
  const digits = runEnd(text, start, end, NUMBER, rest.digitsMax);
  if (digits > start) return digits;
  const first = text[start] === ' ' ? start + 1 : start;
  let wordEnd = runEnd(text, first, end, OTHER);
  if (wordEnd > first) {
    while (wordEnd < end && rest.isTail(text[wordEnd])) wordEnd += 1;
    return wordEnd;
  }
  const spaces = runEnd(text, start, end, SPACE);
  for (let at = spaces; at > start; at -= 1) if (isNewline(text[at - 1])) return at;
  return spaceEnd(text, start, end);
}

function isNewline(unit: string | undefined): boolean {
  return unit === '\r' || unit === '\n';
}

/** White space up to the last one before a word, which belongs to that word. */
function spaceEnd(text: string, start: number, end: number): number {
  const spaces = runEnd(text, start, end, SPACE);
  return spaces < end && spaces - start > 1 ? spaces - 1 : spaces;
}

/** `[start]*[end]+`: as many starts as leave one end. */
function wordWithEnd(text: string, start: number, end: number): number {
  let at = start;
  let lastEnd = start;
  while (at < end) {
    const code = text.codePointAt(at) ?? 0;
    const classes = classesOf(code);
    if (!(classes & WORD_START)) break;
    at += code > 0xff_ff ? 2 : 1;
    if (classes & WORD_END) lastEnd = at;
  }
  const wordEnd = runEnd(text, at, end, WORD_END);
  return wordEnd > at ? wordEnd : lastEnd;
}

/** `[start]+[end]*` where the form above is not found: there is no end. */
function wordWithoutEnd(text: string, start: number, end: number): number {
  return runEnd(text, start, end, WORD_START);
}
