import type { Spelling } from './spelling.ts';

/** The character that stands for a space. */
const SPACE_MARK = '▁';

export type SpaceMarkRules = {
  /** Written before the text; then `replaceFrom` becomes `replaceTo`. */
  prepend: string;
  replaceFrom: string;
  replaceTo: string;
};

/**
 * The spelling of SentencePiece: a text is one word in which ▁ stands for a space, and a character
 * without a token is written as its bytes.
 *
 * A text is split before each run of ▁. That equals encoding the whole text as long as no token has
 * ▁ after another character.
 */
export class SpaceMarkSpelling implements Spelling {
  readonly byteTokens: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
    byteToken(byte),
  );
  readonly addsSpace: boolean;
  readonly unitsPerCharacter = 1;
  readonly #rules: SpaceMarkRules;
  readonly #canSplit: boolean;

  constructor(rules: SpaceMarkRules, merges: readonly (readonly [string, string])[]) {
    this.#rules = rules;
    this.addsSpace = rules.prepend !== '';
    this.#canSplit =
      rules.prepend === SPACE_MARK &&
      rules.replaceFrom === ' ' &&
      rules.replaceTo === SPACE_MARK &&
      !merges.some(([left, right]) => /[^▁]▁/u.test(left + right));
  }

  *wordsOf(text: string): Generator<string, void> {
    const { prepend } = this.#rules;
    if (!this.#canSplit) {
      yield prepend + text;
      return;
    }
    let isFirst = true;
    for (const [word] of text.matchAll(/[ ▁]+[^ ▁]*|[^ ▁]+/gu)) {
      yield isFirst ? prepend + word : word;
      isFirst = false;
    }
  }

  *spell(word: string): Generator<string, void> {
    const { replaceFrom, replaceTo } = this.#rules;
    for (const character of word) yield character === replaceFrom ? replaceTo : character;
  }

  bytesOf(token: string): Uint8Array {
    const byte = /^<0x([0-9A-F]{2})>$/u.exec(token)?.[1];
    return byte
      ? Uint8Array.of(Number.parseInt(byte, 16))
      : Buffer.from(token.replaceAll(SPACE_MARK, ' '));
  }
}

/** The fallback token of one byte. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}
