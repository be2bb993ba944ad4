import type { Tokenizer } from './tokenizer.ts';

/**
 * Turns ids into text, piece by piece. A code point whose bytes come in several tokens appears once
 * it is complete; invalid bytes become U+FFFD. So does NUL, which a Postgres text cannot store.
 */
export class Detokenizer {
  readonly #tokenizer: Tokenizer;
  // A byte order mark within an answer is ordinary text.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #mayTrim: boolean;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
    this.#mayTrim = tokenizer.addsSpace;
  }

  /** The text that is complete after this id. */
  next(id: number): string {
    return this.#tidy(this.#decoder.decode(this.#tokenizer.bytesOf(id), { stream: true }));
  }

  /** The text that was waiting for more bytes. */
  end(): string {
    return this.#tidy(this.#decoder.decode());
  }

  #tidy(text: string): string {
    if (text === '') return '';
    // The tokenizer adds a space before the first word; it is not part of the answer.
    const trimmed = this.#mayTrim && text.startsWith(' ') ? text.slice(1) : text;
    this.#mayTrim = false;
    return trimmed.replaceAll('\0', '\uFFFD');
  }
}
