/** The classes of a character that the published patterns distinguish, as bits. */
export const SPACE = 1;
export const NEWLINE = 2;
export const LETTER = 4;
export const NUMBER = 8;
/** May be at the start of a word of o200k: every letter but a small one, and marks. */
export const WORD_START = 16;
/** May be at the end of a word of o200k: every letter but a capital one, and marks. */
export const WORD_END = 32;
/** Neither white space nor a letter nor a number. */
export const OTHER = 64;
const KNOWN = 128;

const TESTS: readonly (readonly [RegExp, number])[] = [
  [/\p{White_Space}/u, SPACE],
  [/[\r\n]/u, NEWLINE],
  [/\p{L}/u, LETTER],
  [/\p{N}/u, NUMBER],
  [/[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]/u, WORD_START],
  [/[\p{Ll}\p{Lm}\p{Lo}\p{M}]/u, WORD_END],
  [/[^\p{White_Space}\p{L}\p{N}]/u, OTHER],
];

/** By code point; zero until it is first asked for, so the pages that no text uses stay empty. */
const classes = new Uint8Array(0x11_00_00);

export function classesOf(codePoint: number): number {
  return classes[codePoint] || learn(codePoint);
}

function learn(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  let bits = KNOWN;
  for (const [test, bit] of TESTS) if (test.test(character)) bits |= bit;
  classes[codePoint] = bits;
  return bits;
}
