import type { Logprob, TokenLogprobs } from '../engine.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { scanLogits } from './scan-logits.ts';
import { Softmax } from './softmax.ts';

/** Rounding to a millionth is finer than the precision of the logits. */
const STEPS = 1e6;

/**
 * The model's own log probability of each token, before penalties, limits and grammar. Call
 * `record` before the sampler, which changes the logits, and `describe` after it.
 */
export class TokenOdds {
  readonly #top: number;
  readonly #tokenizer: Tokenizer;
  readonly #softmax = new Softmax();
  #logits = new Float32Array();

  /** `top` is how many of the likeliest tokens are described in addition to the chosen one. */
  constructor(top: number, tokenizer: Tokenizer) {
    this.#top = top;
    this.#tokenizer = tokenizer;
  }

  record(logits: Float32Array): void {
    if (this.#logits.length !== logits.length) this.#logits = new Float32Array(logits.length);
    this.#logits.set(logits);
  }

  describe(id: number): TokenLogprobs {
    const logits = this.#logits;
    this.#softmax.fill(logits, { max: scanLogits(logits), temperature: 1, minP: 0 });
    const { logSum } = this.#softmax;
    const entry = (of: number): Logprob => ({
      id: of,
      token: this.#tokenizer.textOf(of),
      logprob: Math.round(((logits[of] ?? 0) - logSum) * STEPS) / STEPS,
    });
    return { ...entry(id), top: this.#softmax.likeliest(this.#top).map(entry) };
  }
}
