/** How a language writes a text in quotes. */
export type Quoting = {
  quote: '"' | "'";
  /** Characters that are written with a backslash before them, besides the quote and the backslash. */
  special: string;
  /** Escapes of their own for control characters: `\n`. */
  short: Readonly<Record<string, string>>;
  /** Any other character that is not printable. */
  codePoint: (code: number) => string;
};

/** Control and format characters, which can also reverse the order in which a line is shown. */
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * A text as a literal on one line. All that is not printable is escaped, so that a reader sees what the
 * program sends; a lone surrogate, which most languages cannot write, becomes U+FFFD.
 */
export function quote(text: string, quoting: Quoting): string {
  const written = Array.from(text.toWellFormed(), (character) => {
    const short = quoting.short[character];
    if (short !== undefined) return short;
    if (character === '\\' || character === quoting.quote) return `\\${character}`;
    if (quoting.special.includes(character)) return `\\${character}`;
    if (!NOT_PRINTABLE.test(character)) return character;
    return quoting.codePoint(character.codePointAt(0) ?? 0);
  });
  return `${quoting.quote}${written.join('')}${quoting.quote}`;
}

export const CONTROLS = { '\n': '\\n', '\r': '\\r', '\t': '\\t' } as const;

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** `\u0007`; above U+FFFF two of them, as in JSON. */
export function utf16Escapes(code: number): string {
  return String.fromCodePoint(code)
    .split('')
    .map((unit) => `\\u${hex(unit.charCodeAt(0), 4)}`)
    .join('');
}

/** `\u0007` or `\U0001f600`. */
export function shortOrLongEscape(code: number): string {
  return code > 0xff_ff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

/** `\u{7}`. */
export function bracedEscape(code: number): string {
  return `\\u{${hex(code, 1)}}`;
}
