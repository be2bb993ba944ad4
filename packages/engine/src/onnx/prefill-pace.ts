/** While answers are decoded, prompts may take as long as a step of theirs, and at least this. */
const SHARE_MS_MIN = 50;
const TOKENS_MIN = 16;
const TOKENS_FIRST = 64;
/** Of a new measurement in the running mean. */
const WEIGHT = 0.3;

/** How many prompt tokens a turn may read, from how long such tokens and decode steps have taken. */
export class PrefillPace {
  #msPerToken: number | undefined;
  #decodeMs = 0;

  /** Tokens for a turn that also decodes: a power of two, so that chunks repeat in shape. */
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
