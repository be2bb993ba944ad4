import { GgufFields } from '../gguf/gguf-fields.ts';
import type { GgufFile } from '../gguf/gguf-file.ts';
import { dequantize } from '../gguf/unpack-weights.ts';

type Cache = { keys: Float64Array[]; values: Float64Array[] };

/**
 * Llama's forward pass in plain float64 on the weights of a GGUF file, in the file's own order: pairs
 * of neighbouring rows rotate. The graphs of converted folders must agree with this.
 */
export class ReferenceLlama {
  readonly #file: GgufFile;
  readonly #weights = new Map<string, Float32Array>();
  readonly #layers: number;
  readonly #hidden: number;
  readonly #heads: number;
  readonly #cacheHeads: number;
  readonly #theta: number;

  constructor(file: GgufFile) {
    const fields = new GgufFields(file);
    this.#file = file;
    this.#layers = fields.count('llama.block_count');
    this.#hidden = fields.count('llama.embedding_length');
    this.#heads = fields.count('llama.attention.head_count');
    this.#cacheHeads = fields.count('llama.attention.head_count_kv');
    this.#theta = fields.number('llama.rope.freq_base', 10_000);
  }

  /** The logits after the prompt and after each token of its greedy continuation, without end. */
  *follow(prompt: readonly number[]): Generator<Float64Array, undefined> {
    const cache: Cache[] = Array.from({ length: this.#layers }, () => ({ keys: [], values: [] }));
    const ids = [...prompt];
    let hidden = new Float64Array();
    for (let position = 0; ; position += 1) {
      hidden = this.#step(ids[position] ?? 0, position, cache);
      if (position < ids.length - 1) continue;
      const head = this.#file.tensors.has('output.weight') ? 'output' : 'token_embd';
      const logits = this.#multiply(head, this.#norm('output_norm', hidden));
      yield logits;
      ids.push(logits.indexOf(Math.max(...logits)));
    }
  }

  #step(id: number, position: number, caches: readonly Cache[]): Float64Array<ArrayBuffer> {
    const width = this.#hidden;
    const rows = this.#read('token_embd').subarray(id * width, (id + 1) * width);
    const hidden = Float64Array.from(rows);
    for (const [layer, cache] of caches.entries()) {
      const name = (part: string) => `blk.${layer}.${part}`;
      const before = this.#norm(name('attn_norm'), hidden);
      const query = this.#turn(this.#multiply(name('attn_q'), before), position);
      cache.keys.push(this.#turn(this.#multiply(name('attn_k'), before), position));
      cache.values.push(this.#multiply(name('attn_v'), before));
      addTo(hidden, this.#multiply(name('attn_output'), this.#attend(query, cache)));
      const between = this.#norm(name('ffn_norm'), hidden);
      const up = this.#multiply(name('ffn_up'), between);
      const gated = this.#multiply(name('ffn_gate'), between).map(
        (value, at) => (value / (1 + Math.exp(-value))) * (up[at] ?? 0),
      );
      addTo(hidden, this.#multiply(name('ffn_down'), gated));
    }
    return hidden;
  }

  #attend(query: Float64Array, { keys, values }: Cache): Float64Array {
    const width = query.length / this.#heads;
    const result = new Float64Array(query.length);
    for (let head = 0; head < this.#heads; head += 1) {
      const group = Math.floor((head * this.#cacheHeads) / this.#heads) * width;
      const mine = query.subarray(head * width, (head + 1) * width);
      const scores = keys.map((key) => {
        const dot = mine.reduce((sum, value, at) => sum + value * (key[group + at] ?? 0), 0);
        return Math.exp(dot / Math.sqrt(width));
      });
      const total = scores.reduce((sum, score) => sum + score, 0);
      for (const [past, value] of values.entries()) {
        for (let at = 0; at < width; at += 1) {
          const share = (scores[past] ?? 0) / total;
          result[head * width + at] =
            (result[head * width + at] ?? 0) + share * (value[group + at] ?? 0);
        }
      }
    }
    return result;
  }

  #turn(vector: Float64Array, position: number): Float64Array {
    const width = this.#hidden / this.#heads;
    const factors = this.#file.tensors.has('rope_freqs.weight') ? this.#read('rope_freqs') : [];
    const turned = new Float64Array(vector.length);
    for (let at = 0; at < vector.length; at += 2) {
      const column = (at % width) / 2;
      const angle = position / ((factors[column] ?? 1) * this.#theta ** ((2 * column) / width));
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const [real, imaginary] = [vector[at] ?? 0, vector[at + 1] ?? 0];
      turned[at] = real * cos - imaginary * sin;
      turned[at + 1] = imaginary * cos + real * sin;
    }
    return turned;
  }

  #norm(name: string, vector: Float64Array): Float64Array {
    const weights = this.#read(name);
    const square = vector.reduce((sum, value) => sum + value * value, 0) / vector.length;
    return vector.map((value, at) => (value / Math.sqrt(square + 1e-5)) * (weights[at] ?? 0));
  }

  #multiply(name: string, vector: Float64Array): Float64Array {
    const matrix = this.#read(name);
    const result = new Float64Array(matrix.length / vector.length);
    for (let output = 0; output < result.length; output += 1) {
      let sum = 0;
      const row = output * vector.length;
      for (let at = 0; at < vector.length; at += 1)
        sum += (matrix[row + at] ?? 0) * (vector[at] ?? 0);
      result[output] = sum;
    }
    return result;
  }

  #read(name: string): Float32Array {
    const known = this.#weights.get(name);
    if (known) return known;
    const tensor = this.#file.tensors.get(`${name}.weight`);
    if (!tensor) throw new RangeError(`There is no ${name}.`);
    const weights = dequantize(tensor.type, this.#file.read(tensor));
    this.#weights.set(name, weights);
    return weights;
  }
}

function addTo(vector: Float64Array, more: Float64Array): void {
  for (let at = 0; at < vector.length; at += 1) vector[at] = (vector[at] ?? 0) + (more[at] ?? 0);
}
