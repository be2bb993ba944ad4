import {
  type DataType,
  graph,
  inlineTensor,
  node,
  type NodeOptions,
  onnxFile,
  type TensorHead,
} from '../onnx-file/onnx-format.ts';
import type { ProtobufWriter } from '../onnx-file/protobuf-writer.ts';
import { toAwq, toBytes, toHalves, toInt4, transpose } from './matrix-formats.ts';
import { ioType, type ModelSize } from './model-size.ts';
import type { TensorSink } from './tensor-file.ts';

/** A node has one output, named after it, unless `outputs` is given. */
export type AddedNode = Omit<NodeOptions, 'outputs'> & { outputs?: readonly string[] };

export type Matrix = { weights: Float32Array; outputs: number; inputs: number };

/** Collects the nodes and weights of one graph, in the element type and precision of its model. */
export class GraphWriter {
  readonly type: DataType;
  readonly #size: ModelSize;
  readonly #tensors: TensorSink;
  readonly #nodes: ProtobufWriter[] = [];
  readonly #initializers: ProtobufWriter[] = [];

  constructor(size: ModelSize, tensors: TensorSink) {
    this.type = ioType(size);
    this.#size = size;
    this.#tensors = tensors;
  }

  /** Returns the name of the node's first output. */
  node(operator: string, options: AddedNode): string {
    const outputs = options.outputs ?? [outputOf(options.name)];
    this.#nodes.push(node(operator, { ...options, outputs }));
    return outputs[0] ?? '';
  }

  floats(name: string, dims: readonly number[], values: Float32Array): string {
    return this.#tensor({ name, type: this.type, dims }, this.toType(values));
  }

  int64(name: string, dims: readonly number[], value: number): string {
    const bytes = toBytes(BigInt64Array.of(BigInt(value)));
    this.#initializers.push(inlineTensor({ name, type: 'int64', dims }, bytes));
    return name;
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

  /** Numbers as bytes of the graph's element type. */
  toType(values: Float32Array): Uint8Array {
    return toBytes(this.type === 'float32' ? values : toHalves(values));
  }

  finish(inputs: readonly ProtobufWriter[], outputs: readonly ProtobufWriter[]): ProtobufWriter {
    const nodes = this.#nodes;
    const initializers = this.#initializers;
    return onnxFile(graph({ name: 'main_graph', nodes, initializers, inputs, outputs }));
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
    this.#tensor({ name: `${weight}_Q4`, type: 'uint8', dims }, packed);
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
    this.#tensor({ name: `${weight}.qweight`, type: 'uint8', dims }, packed);
    this.floats(`${weight}.scales`, [outputs * blocks], scales);
    this.#tensor({ name: `${weight}.qzeros`, type: 'uint8', dims: [zeros.length] }, zeros);
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
    return this.node('MatMulNBits', {
      name,
      inputs: edges.inputs,
      outputs: [edges.output],
      domain: 'com.microsoft',
      attributes: {
        K: inputs,
        N: outputs,
        bits: 4,
        block_size: blockSize,
        accuracy_level: accuracyLevel,
      },
    });
  }

  #tensor(head: TensorHead, bytes: Uint8Array): string {
    this.#initializers.push(this.#tensors.add(head, bytes));
    return head.name;
  }
}

/** The name that exporters give a node's first output. */
export function outputOf(nodeName: string): string {
  return `${nodeName}/output_0`;
}

function weightName(nodeName: string): string {
  return nodeName.slice(1).replaceAll('/', '.');
}
