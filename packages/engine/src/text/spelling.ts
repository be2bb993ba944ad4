/**
 * How a vocabulary writes text: which words are encoded apart, and in which characters its tokens
 * are written. Vocabularies differ in this; joining the characters of a word is the same in all.
 */
export interface Spelling {
  /**
   * The words of a text in order; tokens never cross them. `undefined` between them is a place to
   * pause.
   */
  wordsOf(text: string): Iterable<string | undefined>;
  /** A word in the characters of the vocabulary. */
  spell(word: string): Iterable<string>;
  /**
   * The tokens of the 256 bytes, which stand for a character without a token. Without them such a
   * character is left out.
   */
  readonly byteTokens: readonly string[];
  /** The bytes of text that a token of the vocabulary stands for. */
  bytesOf(token: string): Uint8Array;
  /** Whether it writes a space before the text, which is not part of an answer. */
  readonly addsSpace: boolean;
  /** A token stands for at most this many UTF-16 units of text for each of its own. */
  readonly unitsPerCharacter: number;
}
