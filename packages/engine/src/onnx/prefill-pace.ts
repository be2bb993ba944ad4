/**
 * While answers are decoded, prompts may take as long as one of their steps, and at least this
 * long.
 */
const SHARE_MS_MIN = 50;
const TOKENS_MIN = 16;
const TOKENS_FIRST = 64;
/** The weight of a new measurement in the running mean. */
const WEIGHT = 0.3;

/**
 * How many prompt tokens a turn may read, from the measured time of prompt tokens and decode steps.
 */
export class PrefillPace {
  #msPerToken: number | undefined;
  #decodeMs = 0;

  /** Tokens for a turn that also decodes: a power of two, so that the shapes of chunks repeat. */
  get sharedTokens(): number {
    if (this.#msPerToken === undefined) return TOKENS_FIRST;
    const tokens = Math.max(SHARE_MS_MIN, this.#decodeMs) / this.#msPerToken;
    return Math.max(TOKENS_MIN, 2 ** Math.floor(Math.log2(Math.max(1, tokens))));
  }

  decoded(ms: number): void {
    this.#decodeMs += WEIGHT * (ms - this.#decodeMs);
  }

  read(tokens: number, ms: number): void {
    const msPerToken = ms / tokens;
    this.#msPerToken ??= msPerToken;
    this.#msPerToken += WEIGHT * (msPerToken - this.#msPerToken);
  }
}
