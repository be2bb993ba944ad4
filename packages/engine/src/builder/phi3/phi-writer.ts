import { GraphWriter, outputOf, weightName } from '../graph-writer.ts';
import { toAwq, toInt4, transpose } from '../matrix-formats.ts';
import { ioType, type ModelSize } from '../model-size.ts';
import type { TensorSink } from '../tensor-file.ts';

export type Matrix = { weights: Float32Array; outputs: number; inputs: number };

/** Writes the matrices of one model in its precision, with the names of the published builds. */
export class PhiWriter extends GraphWriter {
  readonly #size: ModelSize;

  constructor(size: ModelSize, tensors: TensorSink) {
    super(ioType(size), tensors);
    this.#size = size;
  }

  /**
   * `path` is the name of the published node, `/model/layers.0.mlp.up_proj`; the weight's name is
   * derived from it.
   */
  matMul(path: string, input: string, matrix: Matrix, output?: string): string {
    const { precision, quantizer } = this.#size;
    // The AWQ quantizer leaves the head to the symmetric one, which needs no activations.
    const isAwq = quantizer === 'awq' && path !== '/lm_head';
    if (precision !== 'int4') return this.#floatMatMul(path, input, matrix, output);
    return isAwq
      ? this.#awqMatMul(path, input, matrix, output)
      : this.#rtnMatMul(path, input, matrix, output);
  }

  #floatMatMul(path: string, input: string, matrix: Matrix, output?: string): string {
    const { weights, outputs, inputs } = matrix;
    const name = `${path}/MatMul`;
    const weight = `${weightName(name)}.weight`;
    this.floats(weight, [inputs, outputs], transpose(weights, outputs, inputs));
    return this.node('MatMul', {
      name,
      inputs: [input, weight],
      outputs: [output ?? outputOf(name)],
    });
  }

  #rtnMatMul(path: string, input: string, matrix: Matrix, output?: string): string {
    const { weights, outputs, inputs } = matrix;
    const { blockSize } = this.#size;
    const weight = `${weightName(`${path}/MatMul`)}.weight`;
    const { packed, scales } = toInt4(weights, outputs, inputs, blockSize);
    const blocks = Math.ceil(inputs / blockSize);
    const dims = [outputs, blocks, blockSize / 2];
    this.constant({ name: `${weight}_Q4`, type: 'uint8', dims }, packed);
    this.floats(`${weight}_scales`, [outputs * blocks], scales);
    return this.#nBits(`${path}/MatMul_Q4`, matrix, {
      inputs: [input, `${weight}_Q4`, `${weight}_scales`],
      output: output ?? outputOf(`${path}/MatMul`),
    });
  }

  #awqMatMul(path: string, input: string, matrix: Matrix, output?: string): string {
    const { weights, outputs, inputs } = matrix;
    const { blockSize } = this.#size;
    const name = `${path}/MatMulNBits`;
    const weight = weightName(name);
    const { packed, scales, zeros } = toAwq(weights, outputs, inputs, blockSize);
    const blocks = Math.ceil(inputs / blockSize);
    const dims = [outputs, blocks, blockSize / 2];
    this.constant({ name: `${weight}.qweight`, type: 'uint8', dims }, packed);
    this.floats(`${weight}.scales`, [outputs * blocks], scales);
    this.constant({ name: `${weight}.qzeros`, type: 'uint8', dims: [zeros.length] }, zeros);
    return this.#nBits(name, matrix, {
      inputs: [input, `${weight}.qweight`, `${weight}.scales`, `${weight}.qzeros`],
      output: output ?? outputOf(name),
    });
  }

  #nBits(
    name: string,
    { outputs, inputs }: Matrix,
    edges: { inputs: readonly string[]; output: string },
  ): string {
    const { blockSize, accuracyLevel } = this.#size;
    const shape = { outputs, inputs };
    return this.blockMatMul({ name, ...edges, shape, bits: 4, blockSize, accuracyLevel });
  }
}
