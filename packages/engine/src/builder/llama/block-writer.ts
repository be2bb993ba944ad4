import { dequantize, isFloatType, unpackCodes } from '../../gguf/unpack-weights.ts';
import {
  packNibbles,
  roundToBlocks,
  toBlocks,
  type WeightBlocks,
} from '../../gguf/weight-blocks.ts';
import { GraphWriter, outputOf, weightName } from '../graph-writer.ts';
import { transpose } from '../matrix-formats.ts';
import type { TensorSink } from '../tensor-file.ts';
import type { StoredMatrix } from './llama-tensors.ts';

/** 0: products are exact. 4: they round activations to int8 in blocks, as llama.cpp does. */
export type AccuracyLevel = 0 | 4;

export type BlockMatrix = StoredMatrix & { blocks: WeightBlocks };

/** A matrix that the graph has: the parts whose products are added, and the offsets of its blocks. */
export type WrittenMatrix = Pick<BlockMatrix, 'outputs' | 'inputs'> &
  Pick<WeightBlocks, 'blockSize'> & {
    parts: readonly { bits: 4 | 8; weights: readonly string[] }[];
    offsets: string | undefined;
  };

/**
 * Writes the matrices of a file as products in blocks. Where blocks have offsets, a second product
 * of the offsets with the sum of each block of activations adds them, so no weight is rounded.
 */
export class BlockWriter extends GraphWriter {
  readonly #accuracyLevel: AccuracyLevel;
  readonly #sums = new Map<string, string>();
  #roundingError = 0;

  constructor(tensors: TensorSink, accuracyLevel: AccuracyLevel) {
    super('float32', tensors);
    this.#accuracyLevel = accuracyLevel;
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
    if (blocks.bits === 4) {
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
    const { bits, blockSize, offsets } = blocks;
    const weight = `${weightName(path)}.MatMul.weight`;
    const count = inputs / blockSize;
    // Products of eight bits are ten times slower unless they round activations too.
    const isHalved = bits === 8 && this.#accuracyLevel === 0;
    const parts = (isHalved ? halvesOf(blocks) : [blocks]).map((part, at) => {
      const name = `${weight}_Q${part.bits}${at === 0 ? '' : '_lower'}`;
      const dims = [outputs, count, (blockSize * part.bits) / 8];
      const weights = [
        this.constant({ name, type: 'uint8', dims }, part.packed),
        this.floats(`${name}_scales`, [outputs * count], part.scales),
      ];
      if (at > 0) {
        // Zeros as zero points: the lower half has no sign.
        const zeros = new Uint8Array(outputs * Math.ceil(count / 2));
        const zeroDims = [zeros.length];
        weights.push(
          this.constant({ name: `${name}_zeros`, type: 'uint8', dims: zeroDims }, zeros),
        );
      }
      return { bits: part.bits, weights };
    });
    const written = { outputs, inputs, blockSize, parts };
    if (!offsets) return { ...written, offsets: undefined };
    const turned = transpose(offsets, outputs, count);
    return { ...written, offsets: this.floats(`${weight}_offsets`, [count, outputs], turned) };
  }

  product(path: string, input: string, matrix: WrittenMatrix, output?: string): string {
    const { outputs, inputs, blockSize, parts, offsets } = matrix;
    const sumCount = parts.length + (offsets === undefined ? 0 : 1);
    const products = parts.map(({ bits, weights }, at) =>
      this.blockMatMul({
        name: `${path}/MatMul_Q${bits}${at === 0 ? '' : '_lower'}`,
        inputs: [input, ...weights],
        ...(sumCount === 1 && output !== undefined && { output }),
        shape: { outputs, inputs },
        bits,
        blockSize,
        accuracyLevel: this.#accuracyLevel,
      }),
    );
    if (offsets !== undefined) {
      const sums = this.#blockSums(input, inputs / blockSize, blockSize);
      const name = `${path}/Offsets/MatMul`;
      products.push(this.node('MatMul', { name, inputs: [sums, offsets] }));
    }
    const [first = '', second] = products;
    if (second === undefined) return first;
    const name = `${path}/Add`;
    return this.node('Add', {
      name,
      inputs: [first, second],
      outputs: [output ?? outputOf(name)],
    });
  }

  matMul(path: string, input: string, matrix: StoredMatrix, output?: string): string {
    return this.product(path, input, this.write(path, this.toBlocks(matrix)), output);
  }

  /** Products with the same input share its sums. */
  #blockSums(input: string, count: number, blockSize: number): string {
    const name = `${input}/block_sums`;
    const known = this.#sums.get(name);
    if (known !== undefined) return known;
    const shape = `block_shape_${count}_${blockSize}`;
    if (!this.#sums.has(shape)) {
      this.#sums.set(shape, this.int64(shape, [4], 0, 0, count, blockSize));
    }
    if (!this.#sums.has(SUM_AXIS)) this.#sums.set(SUM_AXIS, this.int64(SUM_AXIS, [1], 3));
    const blocks = this.node('Reshape', { name: `${name}/Reshape`, inputs: [input, shape] });
    const sums = this.node('ReduceSum', {
      name: `${name}/ReduceSum`,
      inputs: [blocks, SUM_AXIS],
      attributes: { keepdims: 0 },
    });
    this.#sums.set(name, sums);
    return sums;
  }
}

const SUM_AXIS = 'block_sum_axis';

/** A code of eight bits is sixteen times its upper half and once its lower. */
function halvesOf({ packed, scales, blockSize }: WeightBlocks): WeightBlocks[] {
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
