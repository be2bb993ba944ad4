import type { ModelSize } from '../builder/model-size.ts';
import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { phiWeights } from '../builder/phi3/phi-weights.ts';

/**
 * Phi-3.5-mini's forward pass in plain float64, from the model's description and not from the
 * graph: no cache, no chunks, no fused operators. The engine's results must agree with this.
 */
export class ReferencePhi {
  readonly #size: ModelSize;
  readonly #embedding: Float32Array;
  readonly #head: Float32Array;
  readonly #norms = new Map<string, Float32Array>();
  readonly #layers: {
    qkv: Float32Array;
    output: Float32Array;
    gate: Float32Array;
    up: Float32Array;
    down: Float32Array;
  }[];

  constructor(size: ModelSize) {
    const weights = phiWeights(size, buildTokenizer(size.vocabularySize));
    const { hiddenSize, intermediateSize, blockSize } = size;
    const round = (matrix: Float32Array, inputs: number) =>
      size.precision === 'int4' ? roundToInt4(matrix, inputs, blockSize) : matrix;
    const roundLayer = (matrix: Float32Array, inputs: number) =>
      size.precision === 'int4' && size.quantizer === 'awq'
        ? roundToAwq(matrix, inputs, blockSize)
        : round(matrix, inputs);
    this.#size = size;
    this.#embedding = weights.embedding();
    this.#head = round(weights.head(), hiddenSize);
    this.#layers = Array.from({ length: size.layers }, (_, layer) => {
      for (const name of [
        `layers.${layer}.input_layernorm`,
        `layers.${layer}.post_attention_layernorm`,
      ]) {
        this.#norms.set(name, weights.norm(name));
      }
      return {
        qkv: roundLayer(weights.attentionInput(layer), hiddenSize),
        output: roundLayer(weights.attentionOutput(layer), hiddenSize),
        gate: roundLayer(weights.gate(layer), hiddenSize),
        up: roundLayer(weights.up(layer), hiddenSize),
        down: roundLayer(weights.down(layer), intermediateSize),
      };
    });
    const last = `layers.${size.layers}.final_norm_layernorm`;
    this.#norms.set(last, weights.norm(last));
  }

  /**
   * Greedy continuation; no id ends it. Past the short table's length everything is computed again.
   */
  generate(promptIds: Iterable<number>, tokens: number): number[] {
    const logits = this.follow(promptIds);
    return Array.from({ length: tokens }, () => {
      const next = logits.next().value ?? new Float64Array();
      return next.indexOf(Math.max(...next));
    });
  }

  /** The logits after the prompt and after each token of its greedy continuation, without end. */
  *follow(promptIds: Iterable<number>): Generator<Float64Array, undefined> {
    const ids = [...promptIds];
    let cache = this.#emptyCache();
    let length = 0;
    for (;;) {
      const isLong = ids.length > this.#size.originalMaxPositions;
      if (isLong && length <= this.#size.originalMaxPositions) {
        cache = this.#emptyCache();
        length = 0;
      }
      let hidden: Float64Array = new Float64Array();
      for (; length < ids.length; length += 1) {
        hidden = this.#step(ids[length] ?? 0, { position: length, isLong }, cache);
      }
      const logits = this.#logits(hidden);
      yield logits;
      ids.push(logits.indexOf(Math.max(...logits)));
    }
  }

  /** Logits after the last of `ids`. */
  logits(ids: readonly number[]): Float64Array {
    return this.follow(ids).next().value ?? new Float64Array();
  }

  #emptyCache(): LayerCache[] {
    return this.#layers.map(() => ({ keys: [], values: [] }));
  }

  #step(id: number, position: TokenPosition, cache: LayerCache[]): Float64Array {
    const { hiddenSize, intermediateSize } = this.#size;
    const hidden = Float64Array.from(
      this.#embedding.subarray(id * hiddenSize, (id + 1) * hiddenSize),
    );
    for (const [layer, weights] of this.#layers.entries()) {
      const normed = this.#norm(`layers.${layer}.input_layernorm`, hidden);
      const qkv = multiply(weights.qkv, normed, 3 * hiddenSize);
      const attended = this.#attend(qkv, position, cache[layer] ?? { keys: [], values: [] });
      addTo(hidden, multiply(weights.output, attended, hiddenSize));

      const between = this.#norm(`layers.${layer}.post_attention_layernorm`, hidden);
      const gate = multiply(weights.gate, between, intermediateSize);
      const up = multiply(weights.up, between, intermediateSize);
      const product = gate.map((value, at) => (value / (1 + Math.exp(-value))) * (up[at] ?? 0));
      addTo(hidden, multiply(weights.down, product, hiddenSize));
    }
    return hidden;
  }

  #logits(hidden: Float64Array): Float64Array {
    const last = this.#norm(`layers.${this.#layers.length}.final_norm_layernorm`, hidden);
    return multiply(this.#head, last, this.#size.vocabularySize);
  }

  #attend(qkv: Float64Array, position: TokenPosition, cache: LayerCache): Float64Array {
    const { hiddenSize, heads } = this.#size;
    const width = hiddenSize / heads;
    const query = this.#turn(qkv.slice(0, hiddenSize), position);
    cache.keys.push(this.#turn(qkv.slice(hiddenSize, 2 * hiddenSize), position));
    cache.values.push(qkv.slice(2 * hiddenSize));

    const result = new Float64Array(hiddenSize);
    for (let start = 0; start < hiddenSize; start += width) {
      const scores = cache.keys.map((key) => {
        let dot = 0;
        for (let at = start; at < start + width; at += 1) dot += (query[at] ?? 0) * (key[at] ?? 0);
        return dot / Math.sqrt(width);
      });
      const most = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - most));
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (const [past, value] of cache.values.entries()) {
        const share = (shares[past] ?? 0) / total;
        for (let at = start; at < start + width; at += 1) {
          result[at] = (result[at] ?? 0) + share * (value[at] ?? 0);
        }
      }
    }
    return result;
  }

  /** LongRoPE: each half of a head is the other's imaginary part. */
  #turn(vector: Float64Array, { position, isLong }: TokenPosition): Float64Array {
    const { hiddenSize, heads, maxPositions, originalMaxPositions } = this.#size;
    const width = hiddenSize / heads;
    const half = width / 2;
    const spread = Math.log(maxPositions / originalMaxPositions) / Math.log(originalMaxPositions);
    const scale = Math.sqrt(1 + spread);
    const turned = new Float64Array(hiddenSize);
    for (let start = 0; start < hiddenSize; start += width) {
      for (let at = 0; at < half; at += 1) {
        const share = at / (half - 1);
        const factor = isLong ? 64.8 ** Math.min(1, 1.6 * share) : 1 + 1.8 * share ** 3;
        const angle = position / (factor * 10_000 ** (at / half));
        const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
        const [real, imaginary] = [vector[start + at] ?? 0, vector[start + half + at] ?? 0];
        turned[start + at] = real * cos - imaginary * sin;
        turned[start + half + at] = imaginary * cos + real * sin;
      }
    }
    return turned;
  }

  #norm(name: string, vector: Float64Array): Float64Array {
    const weights = this.#norms.get(name) ?? new Float32Array();
    const square = vector.reduce((sum, value) => sum + value * value, 0) / vector.length;
    return vector.map((value, at) => (value / Math.sqrt(square + 1e-5)) * (weights[at] ?? 0));
  }
}

/** The weights after rounding each block of a row to fifteenths of its largest value. */
function roundToInt4(matrix: Float32Array, inputs: number, block: number): Float32Array {
  const rounded = new Float32Array(matrix.length);
  for (let row = 0; row < matrix.length; row += inputs) {
    for (let start = row; start < row + inputs; start += block) {
      const part = matrix.subarray(start, Math.min(start + block, row + inputs));
      const scale = Math.max(...part.map(Math.abs)) / 7;
      rounded.set(
        part.map((weight) => Math.round(weight / scale) * scale),
        start,
      );
    }
  }
  return rounded;
}

/** The same with each block rounded to fifteenths of its range, zero included. */
function roundToAwq(matrix: Float32Array, inputs: number, block: number): Float32Array {
  const rounded = new Float32Array(matrix.length);
  for (let row = 0; row < matrix.length; row += inputs) {
    for (let start = row; start < row + inputs; start += block) {
      const part = matrix.subarray(start, Math.min(start + block, row + inputs));
      const least = Math.min(0, ...part);
      const scale = (Math.max(0, ...part) - least) / 15;
      const below = Math.round(-least / scale);
      const steps = part.map((weight) => Math.round(weight / scale));
      rounded.set(
        steps.map((step) => Math.min(15 - below, Math.max(-below, step)) * scale),
        start,
      );
    }
  }
  return rounded;
}

/**
 * The rotation of a token depends on its position and, through the table, on the length of the
 * whole sequence.
 */
type TokenPosition = { position: number; isLong: boolean };

type LayerCache = { keys: Float64Array[]; values: Float64Array[] };

function multiply(matrix: Float32Array, vector: Float64Array, outputs: number): Float64Array {
  const inputs = vector.length;
  const result = new Float64Array(outputs);
  for (let output = 0; output < outputs; output += 1) {
    let sum = 0;
    const row = output * inputs;
    for (let input = 0; input < inputs; input += 1)
      sum += (matrix[row + input] ?? 0) * (vector[input] ?? 0);
    result[output] = sum;
  }
  return result;
}

function addTo(vector: Float64Array, more: Float64Array): void {
  for (let at = 0; at < vector.length; at += 1) vector[at] = (vector[at] ?? 0) + (more[at] ?? 0);
}
