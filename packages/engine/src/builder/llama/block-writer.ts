import { dequantize, isFloatType, unpackCodes } from '../../gguf/unpack-weights.ts';
import {
  identityBlocks,
  packNibbles,
  roundToBlocks,
  toBlocks,
  type WeightBlocks,
} from '../../gguf/weight-blocks.ts';
import { GraphWriter, weightName } from '../graph-writer.ts';
import { transpose } from '../matrix-formats.ts';
import type { TensorSink } from '../tensor-file.ts';
import type { StoredMatrix } from './llama-tensors.ts';

export type BlockMatrix = StoredMatrix & { blocks: WeightBlocks };

/** Weights in the graph: the names of their codes, scales and perhaps zero points. */
type Part = Pick<WeightBlocks, 'bits' | 'blockSize'> & { weights: readonly string[] };

/** A matrix that the graph has: the parts whose products are added, and the offsets of its blocks. */
export type WrittenMatrix = Pick<BlockMatrix, 'outputs' | 'inputs'> & {
  parts: readonly [Part, Part?];
  offsets: string | undefined;
};

/**
 * How products take activations: in float32; rounded to 15 bits in blocks, by rounding to int8 what
 * rounding to int8 leaves; or rounded to int8 in blocks, as llama.cpp does.
 */
export type Precision = 'exact' | 'close' | 'fast';

/** The axis of blocks in `[rows, blocks, size]`, and of the terms in `[rows, 2, size]`. */
const MIDDLE_AXIS = 1;

/**
 * Writes the matrices of a file as products in blocks, and activations as `[tokens, size]`. Where
 * blocks have offsets, a second product of the offsets with the sum of each block of activations
 * adds them, so no weight is rounded.
 *
 * If products are `close`, what the kernel rounds off of the activations is multiplied as a second
 * row. The weights are read once for both rows: a step of one token takes 1.4 times as long as
 * `fast`, and less than 0.8 times as long as in float32.
 */
export class BlockWriter extends GraphWriter {
  readonly #precision: Precision;
  /** The outputs of nodes that several products share. */
  readonly #shared = new Map<string, string>();
  #roundingError = 0;

  constructor(tensors: TensorSink, precision: Precision) {
    super('float32', tensors);
    this.#precision = precision;
  }

  /**
   * The largest error of a matrix that was rounded, relative to its weights (root mean squares); 0
   * if all are exact.
   */
  get roundingError(): number {
    return this.#roundingError;
  }

  /** Quantised weights keep their values; others are rounded to eight bits. */
  toBlocks(matrix: StoredMatrix): BlockMatrix {
    const { type, bytes } = matrix;
    if (!isFloatType(type)) return { ...matrix, blocks: toBlocks(unpackCodes(type, bytes)) };
    const weights = dequantize(type, bytes);
    const blocks = roundToBlocks(weights);
    this.#roundingError = Math.max(this.#roundingError, errorOf(blocks, weights));
    return { ...matrix, blocks };
  }

  /** The rows of the ids in `input`. `path` is the name of the node. */
  embedding(path: string, input: string, matrix: BlockMatrix): string {
    const { outputs: rows, inputs: width, blocks } = matrix;
    const weight = `${weightName(path)}.weight`;
    // The operator that reads rows of blocks adds no offsets.
    if (blocks.bits === 4 || blocks.offsets) {
      this.floats(weight, [rows, width], dequantize(matrix.type, matrix.bytes));
      return this.node('Gather', { name: path, inputs: [weight, input] });
    }
    const scales = `${weightName(path)}.scales`;
    this.constant({ name: weight, type: 'uint8', dims: [rows, width] }, blocks.packed);
    this.floats(scales, [rows, width / blocks.blockSize], blocks.scales);
    return this.node('GatherBlockQuantized', {
      name: path,
      inputs: [weight, input, scales],
      domain: 'com.microsoft',
      attributes: { gather_axis: 0, quantize_axis: 1, block_size: blocks.blockSize, bits: 8 },
    });
  }

  /** `path` is the name of the published node; the weights' names are derived from it. */
  write(path: string, { outputs, inputs, blocks }: BlockMatrix): WrittenMatrix {
    const { offsets } = blocks;
    const weight = `${weightName(path)}.MatMul.weight`;
    const count = inputs / blocks.blockSize;
    const parts = this.#writeParts(weight, outputs, count, blocks);
    if (!offsets) return { outputs, inputs, parts, offsets: undefined };
    const turned = transpose(offsets, outputs, count);
    const name = this.floats(`${weight}_offsets`, [count, outputs], turned);
    return { outputs, inputs, parts, offsets: name };
  }

  /** Multiplies `[tokens, inputs]` to `[tokens, outputs]`. */
  product(path: string, input: string, matrix: WrittenMatrix): string {
    const { offsets, parts } = matrix;
    const [{ blockSize }] = parts;
    const product = this.#productOfParts(path, input, matrix);
    if (offsets === undefined) return product;
    const sums = this.once(`${input}/block_sums_${blockSize}`, (name) =>
      this.#sum(name, this.#blocksOf(input, matrix.inputs, blockSize), 2),
    );
    return this.node('Gemm', { name: `${path}/Offsets/Gemm`, inputs: [sums, offsets, product] });
  }

  matMul(path: string, input: string, matrix: StoredMatrix): string {
    return this.product(path, input, this.write(path, this.toBlocks(matrix)));
  }

  /** `shape` may have one -1. */
  reshape(name: string, input: string, ...shape: readonly number[]): string {
    const dims = this.once(`shape_${shape.join('_')}`, (constant) =>
      this.int64(constant, [shape.length], ...shape),
    );
    return this.node('Reshape', { name: `${name}/Reshape`, inputs: [input, dims] });
  }

  /** `[tokens, size]` as `[batch, sequence, size]`. */
  inSequences(name: string, input: string, size: number): string {
    const dims = this.once(`sequences_of_${size}`, (shape) => {
      const width = this.int64(`${shape}_size`, [1], size);
      const inputs = [this.shapeOfIds(), width];
      return this.node('Concat', { name: shape, inputs, attributes: { axis: 0 } });
    });
    return this.node('Reshape', { name: `${name}/Reshape`, inputs: [input, dims] });
  }

  shapeOfIds(): string {
    return this.once('shape_of_ids', (name) => this.node('Shape', { name, inputs: ['input_ids'] }));
  }

  /** Writes what `name` stands for the first time; later, only returns it. */
  once(name: string, write: (name: string) => string): string {
    const known = this.#shared.get(name);
    if (known !== undefined) return known;
    const written = write(name);
    this.#shared.set(name, written);
    return written;
  }

  #productOfParts(path: string, input: string, { outputs, inputs, parts }: WrittenMatrix): string {
    const shape = { outputs, inputs };
    const [first, lower] = parts;
    const name = `${path}/MatMul_Q${first.bits}`;
    if (this.#precision === 'close') {
      const product = this.#multiply(name, this.#terms(input, inputs, first), first, shape);
      return this.#sum(`${path}/Terms/ReduceSum`, product, MIDDLE_AXIS);
    }
    const product = this.#multiply(name, input, first, shape);
    if (!lower) return product;
    const second = this.#multiply(`${name}_lower`, input, lower, shape);
    return this.node('Add', { name: `${path}/Halves/Add`, inputs: [product, second] });
  }

  /** `[tokens, 2, inputs]`: the activations, and what the kernel rounds off of them. */
  #terms(input: string, inputs: number, { bits, blockSize }: Part): string {
    return this.once(`${input}/terms_${bits}_${blockSize}`, (name) => {
      const blocks = this.#blocksOf(input, inputs, blockSize);
      // The product with the identity is what the kernel rounds the activations to.
      const identity = this.#identity(bits, blockSize);
      const shape = { outputs: blockSize, inputs: blockSize };
      const rounded = this.#multiply(`${name}/Rounded/MatMul_Q${bits}`, blocks, identity, shape);
      const rest = this.node('Sub', { name: `${name}/Rest/Sub`, inputs: [blocks, rounded] });
      const both = this.node('Concat', {
        name: `${name}/Concat`,
        inputs: [blocks, rest],
        attributes: { axis: MIDDLE_AXIS },
      });
      return this.reshape(`${name}/Tokens`, both, -1, 2, inputs);
    });
  }

  #identity(bits: 4 | 8, blockSize: number): Part {
    const name = `identity_${bits}_${blockSize}`;
    const blocks = identityBlocks(bits, blockSize);
    this.once(name, () => this.#writeBlocks(name, blockSize, 1, blocks).weights.join(' '));
    return { bits, blockSize, weights: [name, `${name}_scales`] };
  }

  /** `[tokens, blocks, block size]`. */
  #blocksOf(input: string, inputs: number, blockSize: number): string {
    return this.once(`${input}/blocks_${blockSize}`, (name) =>
      this.reshape(name, input, -1, inputs / blockSize, blockSize),
    );
  }

  #writeParts(name: string, outputs: number, count: number, blocks: WeightBlocks): [Part, Part?] {
    const { bits } = blocks;
    // In float32, products of eight bits are ten times slower than those of four.
    if (bits === 4 || this.#precision !== 'exact') {
      return [this.#writeBlocks(`${name}_Q${bits}`, outputs, count, blocks)];
    }
    const [upper, lower] = halvesOf(blocks);
    const second = this.#writeBlocks(`${name}_Q4_lower`, outputs, count, lower);
    // Zeros as zero points: the lower half has no sign.
    const zeros = new Uint8Array(outputs * Math.ceil(count / 2));
    const head = { name: `${name}_Q4_lower_zeros`, type: 'uint8', dims: [zeros.length] } as const;
    const weights = [...second.weights, this.constant(head, zeros)];
    return [this.#writeBlocks(`${name}_Q4`, outputs, count, upper), { ...second, weights }];
  }

  #writeBlocks(name: string, outputs: number, count: number, blocks: WeightBlocks): Part {
    const { bits, blockSize, packed, scales } = blocks;
    const dims = [outputs, count, (blockSize * bits) / 8];
    const weights = [
      this.constant({ name, type: 'uint8', dims }, packed),
      this.floats(`${name}_scales`, [outputs * count], scales),
    ];
    return { bits, blockSize, weights };
  }

  #multiply(
    name: string,
    input: string,
    { weights, bits, blockSize }: Part,
    shape: { outputs: number; inputs: number },
  ): string {
    const accuracyLevel = this.#precision === 'exact' ? 0 : 4;
    const inputs = [input, ...weights];
    return this.blockMatMul({ name, inputs, shape, bits, blockSize, accuracyLevel });
  }

  #sum(name: string, input: string, axis: number): string {
    const axes = this.once(`axis_${axis}`, (constant) => this.int64(constant, [1], axis));
    return this.node('ReduceSum', { name, inputs: [input, axes], attributes: { keepdims: 0 } });
  }
}

/** A code of eight bits is sixteen times its upper half and once its lower. */
function halvesOf({ packed, scales, blockSize }: WeightBlocks): [WeightBlocks, WeightBlocks] {
  const nibbles = (shift: number) => packNibbles(packed.map((code) => (code >> shift) & 15));
  const both = { bits: 4, blockSize } as const;
  return [
    { ...both, packed: nibbles(4), scales: scales.map((scale) => 16 * scale) },
    { ...both, packed: nibbles(0), scales },
  ];
}

function errorOf({ packed, scales, blockSize }: WeightBlocks, weights: Float32Array): number {
  let [errors, squares] = [0, 0];
  for (const [at, weight] of weights.entries()) {
    const rounded = ((packed[at] ?? 0) - 128) * (scales[Math.floor(at / blockSize)] ?? 0);
    errors += (rounded - weight) ** 2;
    squares += weight ** 2;
  }
  return squares === 0 ? 0 : Math.sqrt(errors / squares);
}
