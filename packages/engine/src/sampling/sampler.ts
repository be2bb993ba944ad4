import { EngineError } from '../engine-error.ts';
import type { GenerateRequest } from '../engine.ts';
import { SeededRandom } from './seeded-random.ts';

export type SamplerOptions = Pick<
  GenerateRequest,
  'temperature' | 'topP' | 'topK' | 'repetitionPenalty' | 'seed' | 'greedy' | 'minTokens'
>;

/**
 * Chooses the next token of one answer. The order of the steps is the usual one: repetition
 * penalty, minimum length, temperature, top-k, top-p. Ties go to the lower id, so that an answer
 * depends on nothing but the logits and the seed.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #stopIds: ReadonlySet<number>;
  readonly #random: SeededRandom;
  readonly #seen: Set<number> | undefined;
  readonly #isGreedy: boolean;
  #weights: Float64Array | undefined;
  #order: Int32Array | undefined;
  #tokens = 0;

  constructor(options: SamplerOptions, promptIds: Iterable<number>, stopIds: ReadonlySet<number>) {
    this.#options = options;
    this.#stopIds = stopIds;
    this.#random = new SeededRandom(options.seed);
    this.#isGreedy = options.greedy || options.temperature === 0 || options.topK === 1;
    this.#seen = options.repetitionPenalty === 1 ? undefined : new Set(promptIds);
  }

  /** Changes `logits` in place. Throws `EngineError('model')` where they are not finite. */
  next(logits: Float32Array): number {
    checkFinite(logits);
    this.#penalise(logits);
    if (this.#tokens < this.#options.minTokens) {
      for (const id of this.#stopIds) logits[id] = Number.NEGATIVE_INFINITY;
    }

    const id = this.#isGreedy ? indexOfMax(logits) : this.#draw(logits);
    this.#tokens += 1;
    this.#seen?.add(id);
    return id;
  }

  #penalise(logits: Float32Array): void {
    const penalty = this.#options.repetitionPenalty;
    for (const id of this.#seen ?? []) {
      const logit = logits[id];
      if (logit !== undefined) logits[id] = logit > 0 ? logit / penalty : logit * penalty;
    }
  }

  #draw(logits: Float32Array): number {
    const { temperature, topK, topP } = this.#options;
    const weights = (this.#weights ??= new Float64Array(logits.length));
    const max = logits[indexOfMax(logits)] ?? 0;
    let total = 0;
    for (let id = 0; id < logits.length; id += 1) {
      const weight = Math.exp(((logits[id] ?? 0) - max) / temperature);
      weights[id] = weight;
      total += weight;
    }

    const isCut = (topK > 0 && topK < logits.length) || topP < 1;
    return isCut ? this.#drawFromTop(weights, total) : drawInOrder(weights, total, this.#random);
  }

  /** The heap yields the likeliest first, so only as many are ordered as top-k and top-p let in. */
  #drawFromTop(weights: Float64Array, total: number): number {
    const { topK, topP } = this.#options;
    const order = (this.#order ??= new Int32Array(weights.length));

    // What is left out here sums to less than the 1 - topP that top-p discards anyway.
    const floor = topK > 0 ? 0 : ((1 - topP) * total) / weights.length;
    let size = 0;
    for (let id = 0; id < weights.length; id += 1) {
      if (at(weights, id) > floor) order[size++] = id;
    }
    for (let root = (size >> 1) - 1; root >= 0; root -= 1) siftDown(order, weights, root, size);

    // Top-p applies to what top-k has left, whose weight is only known once it is popped.
    const keep = topK > 0 ? Math.min(topK, size) : size;
    const chosen: number[] = [];
    let kept = 0;
    while (chosen.length < keep && (topK > 0 || kept < topP * total)) {
      const id = at(order, 0);
      chosen.push(id);
      kept += at(weights, id);
      size -= 1;
      order[0] = at(order, size);
      siftDown(order, weights, 0, size);
    }
    if (topK > 0 && topP < 1) {
      const enough = topP * kept;
      kept = 0;
      let count = 0;
      while (count < chosen.length && kept < enough) kept += at(weights, at(chosen, count++));
      chosen.length = count;
    }

    let left = this.#random.nextUnit() * kept;
    for (const id of chosen) {
      left -= at(weights, id);
      if (left < 0) return id;
    }
    return at(chosen, chosen.length - 1);
  }
}

function drawInOrder(weights: Float64Array, total: number, random: SeededRandom): number {
  let left = random.nextUnit() * total;
  let last = 0;
  for (let id = 0; id < weights.length; id += 1) {
    const weight = at(weights, id);
    if (weight === 0) continue;
    left -= weight;
    if (left < 0) return id;
    last = id;
  }
  return last;
}

function siftDown(order: Int32Array, weights: Float64Array, root: number, size: number): void {
  for (;;) {
    let best = root;
    const left = 2 * root + 1;
    const right = left + 1;
    if (left < size && isBefore(at(order, left), at(order, best), weights)) best = left;
    if (right < size && isBefore(at(order, right), at(order, best), weights)) best = right;
    if (best === root) return;
    const moved = at(order, root);
    order[root] = at(order, best);
    order[best] = moved;
    root = best;
  }
}

function isBefore(left: number, right: number, weights: Float64Array): boolean {
  const difference = at(weights, left) - at(weights, right);
  return difference === 0 ? left < right : difference > 0;
}

function indexOfMax(logits: Float32Array): number {
  let best = 0;
  let max = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id += 1) {
    const logit = logits[id] ?? 0;
    if (logit > max) {
      max = logit;
      best = id;
    }
  }
  return best;
}

function checkFinite(logits: Float32Array): void {
  let sum = 0;
  // Anything but a finite number times zero is NaN, and NaN stays.
  for (let id = 0; id < logits.length; id += 1) sum += (logits[id] ?? 0) * 0;
  if (sum !== 0) {
    throw new EngineError(
      'model',
      'The model gave logits that are not finite numbers; its weights are damaged or overflow at this precision.',
    );
  }
}

// Every index passed here is below the array's length.
function at(values: Float64Array | Int32Array | readonly number[], index: number): number {
  return values[index] ?? 0;
}
