import { StopMatcher } from './stop-matcher.ts';

/**
 * The text of one answer as it is shown. Stop strings apply from the token that completes
 * `minTokens`, as stop ids do.
 */
export class TextStream {
  readonly #matcher: StopMatcher;
  readonly #minTokens: number;

  constructor(options: { stopSequences: readonly string[]; minTokens: number }) {
    this.#matcher = new StopMatcher(options.stopSequences);
    this.#minTokens = options.minTokens;
  }

  next(text: string, tokens: number): { text: string; isStopped: boolean } {
    return tokens < this.#minTokens ? { text, isStopped: false } : this.#matcher.next(text);
  }

  end(text: string): string {
    const { text: shown, isStopped } = this.#matcher.next(text);
    return isStopped ? shown : shown + this.#matcher.end();
  }
}
