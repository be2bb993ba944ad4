import type { GenerateRequest } from '../engine.ts';

export type PenaltyOptions = Pick<
  GenerateRequest,
  'repetitionPenalty' | 'presencePenalty' | 'frequencyPenalty'
>;

/**
 * Tokens that have already occurred become less likely. Repetition divides a positive logit and
 * multiplies a negative one, and counts the prompt too; presence and frequency are subtracted and
 * count only the answer.
 */
export class Penalties {
  readonly #options: PenaltyOptions;
  /** The tokens that repetition counts; empty if it is off. */
  readonly #seen: Set<number>;
  /** How often each token occurs in the answer; empty if presence and frequency are off. */
  readonly #counts = new Map<number, number>();
  readonly #repeats: boolean;
  readonly #countsAnswer: boolean;

  constructor(options: PenaltyOptions, promptIds: Iterable<number>) {
    this.#options = options;
    this.#repeats = options.repetitionPenalty !== 1;
    this.#countsAnswer = options.presencePenalty !== 0 || options.frequencyPenalty !== 0;
    this.#seen = new Set(this.#repeats ? promptIds : []);
  }

  /** Changes `logits` in place. Returns whether any changed. */
  apply(logits: Float32Array): boolean {
    const { repetitionPenalty, presencePenalty, frequencyPenalty } = this.#options;
    for (const id of this.#seen) {
      const logit = logits[id];
      if (logit === undefined) continue;
      logits[id] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
    }
    for (const [id, count] of this.#counts) {
      const logit = logits[id];
      if (logit !== undefined) logits[id] = logit - frequencyPenalty * count - presencePenalty;
    }
    return this.#seen.size + this.#counts.size > 0;
  }

  /** Counts a token of the answer. */
  add(id: number): void {
    if (this.#repeats) this.#seen.add(id);
    if (this.#countsAnswer) this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
  }
}
