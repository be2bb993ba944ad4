import type { GgufFile } from '../../gguf/gguf-file.ts';
import type { TensorType } from '../../gguf/gguf-format.ts';
import type { GgufTensor } from '../../gguf/gguf-header.ts';
import { refuse } from '../../gguf/refuse.ts';
import { dequantize } from '../../gguf/unpack-weights.ts';
import { ropeTensors } from './llama-rope.ts';
import { architectureOf, type LlamaShape } from './llama-shape.ts';

/** A matrix as its file has it: rows of one output each. */
export type StoredMatrix = {
  type: TensorType;
  bytes: Uint8Array<ArrayBuffer>;
  outputs: number;
  inputs: number;
};

/** A matrix, how many of its first rows are queries, and what is added to its products. */
export type Projection = {
  matrix: StoredMatrix;
  queryRows: number;
  bias: Float32Array | undefined;
};

/** The weights of a file in the order of the reference implementation, each read when it is needed. */
export class LlamaTensors {
  readonly #file: GgufFile;
  readonly #shape: LlamaShape;
  readonly #onRead: (sizeBytes: number) => void;

  /** Throws if a tensor is missing, has other dimensions, or is not part of the architecture. */
  constructor(file: GgufFile, shape: LlamaShape, onRead: (sizeBytes: number) => void) {
    this.#file = file;
    this.#shape = shape;
    this.#onRead = onRead;
    const { isPhi } = architectureOf(shape);
    const known = new Set([...ropeTensors(isPhi), ...dimsOf(shape).map(([name]) => name)]);
    for (const [name, dims] of dimsOf(shape)) file.tensor(name, ...dims);
    const unknown = [...file.tensors.keys()].filter((name) => !known.has(name));
    if (unknown.length > 0) {
      throw refuse(
        `has ${unknown.length} tensors that its architecture does not have: ${unknown.slice(0, 4).join(', ')}`,
      );
    }
  }

  /** A norm's weights, or a bias. */
  norm(name: string): Float32Array {
    const tensor = this.#find(name);
    return dequantize(tensor.type, this.#read(tensor));
  }

  matrix(name: string): StoredMatrix {
    const tensor = this.#find(name);
    const [inputs = 0, outputs = 0] = tensor.dims;
    return { type: tensor.type, bytes: this.#read(tensor), inputs, outputs };
  }

  /** Queries, keys and values: one projection if their types are the same, else three. */
  attention(layer: number): Projection[] {
    const { heads, cacheHeads, headSize } = this.#shape;
    const { isInterleaved, hasBias } = architectureOf(this.#shape);
    const queryRows = heads * headSize;
    if (this.#shape.isAttentionJoined) {
      const matrix = this.matrix(`blk.${layer}.attn_qkv.weight`);
      return [{ matrix, queryRows, bias: undefined }];
    }
    const read = (letter: string) => this.matrix(`blk.${layer}.attn_${letter}.weight`);
    const ordered = (matrix: StoredMatrix, count: number) =>
      isInterleaved ? separateHalves(matrix, count, headSize) : matrix;
    const matrices = [ordered(read('q'), heads), ordered(read('k'), cacheHeads), read('v')];
    const biases = hasBias
      ? ['q', 'k', 'v'].map((letter) => this.norm(`blk.${layer}.attn_${letter}.bias`))
      : [];
    const stacked = stackIfAlike(matrices);
    if (!stacked) {
      return matrices.map((matrix, at) => ({
        matrix,
        queryRows: at === 0 ? queryRows : 0,
        bias: biases[at],
      }));
    }
    const bias = hasBias ? Float32Array.from(biases.flatMap((each) => [...each])) : undefined;
    return [{ matrix: stacked, queryRows, bias }];
  }

  /** The gate and what it opens: one matrix if their types are the same, else two. */
  gated(layer: number): StoredMatrix[] {
    if (architectureOf(this.#shape).isPhi) return [this.matrix(`blk.${layer}.ffn_up.weight`)];
    const matrices = ['gate', 'up'].map((part) => this.matrix(`blk.${layer}.ffn_${part}.weight`));
    const stacked = stackIfAlike(matrices);
    return stacked ? [stacked] : matrices;
  }

  #find(name: string): GgufTensor {
    return this.#file.tensor(name, ...(this.#file.tensors.get(name)?.dims ?? []));
  }

  #read(tensor: GgufTensor): Uint8Array<ArrayBuffer> {
    const bytes = this.#file.read(tensor);
    this.#onRead(tensor.sizeBytes);
    return bytes;
  }
}

/** One matrix of the rows of all, if their types are the same. */
function stackIfAlike(matrices: readonly StoredMatrix[]): StoredMatrix | undefined {
  const [first] = matrices;
  if (!first || matrices.some(({ type }) => type !== first.type)) return undefined;
  const bytes = new Uint8Array(Buffer.concat(matrices.map((each) => each.bytes)));
  return { ...first, bytes, outputs: matrices.reduce((sum, each) => sum + each.outputs, 0) };
}

/** Rows `0 h 1 h+1 ...` of each head, as the file has them, to `0 1 ... h h+1 ...`. */
function separateHalves(matrix: StoredMatrix, heads: number, headSize: number): StoredMatrix {
  const rowBytes = matrix.bytes.length / matrix.outputs;
  const bytes = new Uint8Array(matrix.bytes.length);
  for (let row = 0; row < heads * headSize; row += 1) {
    const [head, within] = [Math.floor(row / headSize), row % headSize];
    const target = head * headSize + (within % 2) * (headSize / 2) + (within >> 1);
    bytes.set(matrix.bytes.subarray(row * rowBytes, (row + 1) * rowBytes), target * rowBytes);
  }
  return { ...matrix, bytes };
}

type Dims = [name: string, dims: readonly number[]];

/** The tensors of the architecture with their dimensions, the fastest first. */
function dimsOf(shape: LlamaShape): Dims[] {
  const { hiddenSize: hidden, intermediateSize: wide, vocabularySize, isTied } = shape;
  const [queries, keys] = [shape.heads * shape.headSize, shape.cacheHeads * shape.headSize];
  const { hasBias, isPhi } = architectureOf(shape);
  const attention: Dims[] = shape.isAttentionJoined
    ? [['attn_qkv.weight', [hidden, queries + 2 * keys]]]
    : [
        ['attn_q.weight', [hidden, queries]],
        ['attn_k.weight', [hidden, keys]],
        ['attn_v.weight', [hidden, keys]],
      ];
  const biases: Dims[] = [
    ['attn_q.bias', [queries]],
    ['attn_k.bias', [keys]],
    ['attn_v.bias', [keys]],
  ];
  const gated: Dims[] = isPhi
    ? [['ffn_up.weight', [hidden, 2 * wide]]]
    : [
        ['ffn_gate.weight', [hidden, wide]],
        ['ffn_up.weight', [hidden, wide]],
      ];
  const parts: Dims[] = [
    ['attn_norm.weight', [hidden]],
    ...attention,
    ['attn_output.weight', [queries, hidden]],
    ['ffn_norm.weight', [hidden]],
    ...gated,
    ['ffn_down.weight', [wide, hidden]],
    ...(hasBias ? biases : []),
  ];
  const layers = Array.from({ length: shape.layers }, (_, layer) =>
    parts.map(([name, dims]): Dims => [`blk.${layer}.${name}`, dims]),
  ).flat();
  return [
    ['token_embd.weight', [hidden, vocabularySize]],
    ['output_norm.weight', [hidden]],
    ...(isTied ? [] : [['output.weight', [hidden, vocabularySize]] satisfies Dims]),
    ...layers,
  ];
}
