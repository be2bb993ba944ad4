import type { Spelling } from '../spelling.ts';
import { BYTE_CHARACTERS, bytesOfCharacters } from './byte-characters.ts';
import { composeInSteps } from './compose.ts';
import type { WordPattern } from './word-patterns.ts';

/**
 * The spelling of GPT-2 and its followers: patterns split a text into words, each pattern within
 * the pieces of the one before, and a character stands for each byte of a word.
 */
export class ByteLevelSpelling implements Spelling {
  /** Some vocabularies lack a byte that their training text lacked; it is left out. */
  readonly byteTokens: readonly string[] = [];
  readonly addsSpace = false;
  readonly unitsPerCharacter: number;
  readonly #patterns: readonly WordPattern[];
  readonly #composes: boolean;

  /** `composes`: the text is first brought into Unicode's form NFC. */
  constructor(patterns: readonly WordPattern[], { composes }: { composes: boolean }) {
    this.#patterns = patterns;
    this.#composes = composes;
    this.unitsPerCharacter = composes ? COMPOSED_FROM_MAX : 1;
  }

  *wordsOf(text: string): Generator<string | undefined, void> {
    const composed = this.#composes ? yield* composeInSteps(text) : text;
    /** Where the current piece of each pattern ends. */
    const ends = this.#patterns.map(() => 0);
    for (let start = 0; start < composed.length;) {
      let end = composed.length;
      for (const [step, pattern] of this.#patterns.entries()) {
        if ((ends[step] ?? 0) <= start) ends[step] = pattern(composed, start, end);
        end = ends[step] ?? end;
      }
      yield composed.slice(start, end);
      start = end;
    }
  }

  *spell(word: string): Generator<string, void> {
    for (const character of word) {
      if (character < '\u0080') yield BYTE_CHARACTERS[character.charCodeAt(0)] ?? '';
      else for (const byte of Buffer.from(character)) yield BYTE_CHARACTERS[byte] ?? '';
    }
  }

  bytesOf(token: string): Uint8Array {
    return bytesOfCharacters(token);
  }
}

/** NFC joins at most so many UTF-16 units into one. */
const COMPOSED_FROM_MAX = 4;
