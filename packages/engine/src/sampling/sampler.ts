import { EngineError } from '../engine-error.ts';
import type { GenerateRequest } from '../engine.ts';
import { Penalties } from './penalties.ts';
import { maxOf, scanLogits } from './scan-logits.ts';
import { SeededRandom } from './seeded-random.ts';
import { Softmax } from './softmax.ts';

export type SamplerOptions = Pick<
  GenerateRequest,
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'minP'
  | 'repetitionPenalty'
  | 'presencePenalty'
  | 'frequencyPenalty'
  | 'seed'
  | 'greedy'
  | 'minTokens'
>;

/** Below this, dividing by the temperature is the same as choosing the likeliest. */
const TEMPERATURE_MIN = 1e-5;

/**
 * Chooses the next token of one answer. The steps and their order are vLLM's: grammar, minimum
 * length, penalties, temperature, min-p, top-k, top-p. Each limit applies to what the ones before
 * it kept. Ties go to the lower id, so an answer depends only on the logits and the seed.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #stopIds: ReadonlySet<number>;
  readonly #random: SeededRandom;
  readonly #penalties: Penalties;
  readonly #isGreedy: boolean;
  readonly #softmax = new Softmax();
  #tokens = 0;

  constructor(options: SamplerOptions, promptIds: Iterable<number>, stopIds: ReadonlySet<number>) {
    this.#options = options;
    this.#stopIds = stopIds;
    this.#random = new SeededRandom(options.seed);
    this.#isGreedy = options.greedy || options.temperature < TEMPERATURE_MIN || options.topK === 1;
    this.#penalties = new Penalties(options, promptIds);
  }

  /**
   * `allowed` has one bit per token, the lowest bit first; without it all tokens are allowed.
   * Changes `logits` in place. Throws `EngineError('model')` if they are not finite, and
   * `EngineError('input')` if no token is allowed.
   */
  next(logits: Float32Array, allowed?: Int32Array): number {
    const isTooShort = this.#tokens < this.#options.minTokens;
    let max = scanLogits(logits);
    if (allowed) keepAllowed(logits, allowed);
    const isMaxRefused = isTooShort && this.#refuseStops(logits, max, allowed !== undefined);
    const isPenalized = this.#penalties.apply(logits);
    if (allowed || isMaxRefused || isPenalized) max = maxOf(logits);
    if (max === NONE) {
      throw new EngineError('input', 'The model has no token that the grammar allows.');
    }

    const id = this.#isGreedy ? logits.indexOf(max) : this.#draw(logits, max);
    this.#tokens += 1;
    this.#penalties.add(id);
    return id;
  }

  /**
   * Whether a refused token is as likely as `max`. A grammar that allows only an end overrides the
   * minimum: nothing else can follow.
   */
  #refuseStops(logits: Float32Array, max: number, hasGrammar: boolean): boolean {
    const stops = [...this.#stopIds].map((id) => ({ id, logit: logits[id] ?? NONE }));
    for (const { id } of stops) logits[id] = NONE;
    if (hasGrammar && maxOf(logits) === NONE) {
      for (const { id, logit } of stops) logits[id] = logit;
    }
    return stops.some(({ logit }) => logit === max);
  }

  #draw(logits: Float32Array, max: number): number {
    const { temperature, minP, topK, topP } = this.#options;
    const softmax = this.#softmax;
    softmax.fill(logits, { max, temperature, minP });
    if (topK > 0 && topK < logits.length) softmax.keepTop(topK);
    if (topP < 1) softmax.keepShare(topP);
    return softmax.draw(this.#random.nextUnit());
  }
}

const NONE = Number.NEGATIVE_INFINITY;

function keepAllowed(logits: Float32Array, allowed: Int32Array): void {
  for (let id = 0; id < logits.length; id += 1) {
    if ((((allowed[id >> 5] ?? 0) >>> (id & 31)) & 1) === 0) logits[id] = NONE;
  }
}
