import type { Logprob, TokenLogprobs } from '../engine.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { scanLogits } from './scan-logits.ts';
import { Softmax } from './softmax.ts';

/** A millionth is finer than the logits are. */
const STEPS = 1e6;

/**
 * How likely the model itself held each token, before penalties, limits and grammar. `look` comes
 * before the sampler, which changes the logits, and `tell` after it.
 */
export class TokenOdds {
  readonly #top: number;
  readonly #tokenizer: Tokenizer;
  readonly #softmax = new Softmax();
  #logits = new Float32Array();

  /** `top` is how many of the likeliest are told of beside the chosen one. */
  constructor(top: number, tokenizer: Tokenizer) {
    this.#top = top;
    this.#tokenizer = tokenizer;
  }

  look(logits: Float32Array): void {
    if (this.#logits.length !== logits.length) this.#logits = new Float32Array(logits.length);
    this.#logits.set(logits);
  }

  tell(id: number): TokenLogprobs {
    const logits = this.#logits;
    this.#softmax.fill(logits, { max: scanLogits(logits), temperature: 1, minP: 0 });
    const { logSum } = this.#softmax;
    const say = (of: number): Logprob => ({
      id: of,
      token: this.#tokenizer.textOf(of),
      logprob: Math.round(((logits[of] ?? 0) - logSum) * STEPS) / STEPS,
    });
    return { ...say(id), top: this.#softmax.likeliest(this.#top).map(say) };
  }
}
