import { GgufFields } from '../gguf/gguf-fields.ts';
import type { GgufFile } from '../gguf/gguf-file.ts';
import { dequantize } from '../gguf/unpack-weights.ts';

type Cache = { keys: Float64Array[]; values: Float64Array[] };

/**
 * The forward pass of Llama and Qwen 2 in plain float64 on the weights of a GGUF file, in the file's
 * own order: pairs of neighbouring rows rotate, or in Qwen 2 the halves of a head. The graphs of
 * converted folders must agree with this.
 */
export class ReferenceLlama {
  readonly #file: GgufFile;
  readonly #weights = new Map<string, Float32Array>();
  readonly #layers: number;
  readonly #hidden: number;
  readonly #heads: number;
  readonly #cacheHeads: number;
  readonly #theta: number;
  /** By what positions are divided. */
  readonly #scaling: number;
  /** Whether the rows of a rotated pair are neighbours. */
  readonly #isInterleaved: boolean;

  constructor(file: GgufFile) {
    const fields = new GgufFields(file);
    const architecture = fields.text('general.architecture');
    this.#isInterleaved = architecture === 'llama';
    this.#file = file;
    this.#layers = fields.count(`${architecture}.block_count`);
    this.#hidden = fields.count(`${architecture}.embedding_length`);
    this.#heads = fields.count(`${architecture}.attention.head_count`);
    this.#cacheHeads = fields.count(`${architecture}.attention.head_count_kv`);
    this.#theta = fields.number(`${architecture}.rope.freq_base`, 10_000);
    this.#scaling = fields.number(`${architecture}.rope.scaling.factor`, 1);
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
      const project = (letter: string) => {
        const product = this.#multiply(name(`attn_${letter}`), before);
        if (this.#file.tensors.has(name(`attn_${letter}.bias`))) {
          addTo(product, Float64Array.from(this.#read(name(`attn_${letter}.bias`))));
        }
        return product;
      };
      const query = this.#turn(project('q'), position);
      cache.keys.push(this.#turn(project('k'), position));
      cache.values.push(project('v'));
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
    for (let pair = 0; pair < vector.length / 2; pair += 1) {
      const column = pair % (width / 2);
      const start = (pair - column) * 2;
      const at = start + (this.#isInterleaved ? 2 * column : column);
      const other = this.#isInterleaved ? at + 1 : at + width / 2;
      const angle =
        position / this.#scaling / ((factors[column] ?? 1) * this.#theta ** ((2 * column) / width));
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const [real, imaginary] = [vector[at] ?? 0, vector[other] ?? 0];
      turned[at] = real * cos - imaginary * sin;
      turned[other] = imaginary * cos + real * sin;
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
    const tensor = this.#file.tensors.get(name.endsWith('.bias') ? name : `${name}.weight`);
    if (!tensor) throw new RangeError(`There is no ${name}.`);
    const weights = dequantize(tensor.type, this.#file.read(tensor));
    this.#weights.set(name, weights);
    return weights;
  }
}

function addTo(vector: Float64Array, more: Float64Array): void {
  for (let at = 0; at < vector.length; at += 1) vector[at] = (vector[at] ?? 0) + (more[at] ?? 0);
}
