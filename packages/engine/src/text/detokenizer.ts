import type { Tokenizer } from './tokenizer.ts';

/**
 * Ids to text, piece by piece. A code point whose bytes come in several tokens appears once it is
 * whole; bytes that make none become U+FFFD. So does NUL, which a Postgres text cannot hold.
 */
export class Detokenizer {
  readonly #tokenizer: Tokenizer;
  // A byte order mark in the middle of an answer is text like any other.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #isAtStart = true;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** What can be told of the text after this id. */
  next(id: number): string {
    return this.#tidy(this.#decoder.decode(this.#tokenizer.bytesOf(id), { stream: true }));
  }

  /** What was waiting for more bytes. */
  end(): string {
    return this.#tidy(this.#decoder.decode());
  }

  #tidy(text: string): string {
    if (text === '') return '';
    // The tokenizer writes a space before the first word, which nobody typed.
    const trimmed = this.#isAtStart && text.startsWith(' ') ? text.slice(1) : text;
    this.#isAtStart = false;
    return trimmed.replaceAll('\0', '\uFFFD');
  }
}
