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
import { toBytes, toHalves } from './matrix-formats.ts';
import type { TensorSink } from './tensor-file.ts';

/** A node has one output, named after it, unless `outputs` is given. */
export type AddedNode = Omit<NodeOptions, 'outputs'> & { outputs?: readonly string[] };

/** The product of a matrix in blocks; `scales` and the others are the names of its weights. */
export type BlockProduct = {
  name: string;
  inputs: readonly string[];
  output?: string;
  shape: { outputs: number; inputs: number };
  bits: number;
  blockSize: number;
  accuracyLevel: number;
};

/** Collects the nodes and weights of one graph, in the element type of its model. */
export class GraphWriter {
  readonly type: DataType;
  readonly #tensors: TensorSink;
  readonly #nodes: ProtobufWriter[] = [];
  readonly #initializers: ProtobufWriter[] = [];

  constructor(type: DataType, tensors: TensorSink) {
    this.type = type;
    this.#tensors = tensors;
  }

  /** Returns the name of the node's first output. */
  node(operator: string, options: AddedNode): string {
    const outputs = options.outputs ?? [outputOf(options.name)];
    this.#nodes.push(node(operator, { ...options, outputs }));
    return outputs[0] ?? '';
  }

  floats(name: string, dims: readonly number[], values: Float32Array): string {
    return this.constant({ name, type: this.type, dims }, this.toType(values));
  }

  constant(head: TensorHead, bytes: Uint8Array): string {
    this.#initializers.push(this.#tensors.add(head, bytes));
    return head.name;
  }

  int64(name: string, dims: readonly number[], ...values: readonly number[]): string {
    const bytes = toBytes(BigInt64Array.from(values, BigInt));
    this.#initializers.push(inlineTensor({ name, type: 'int64', dims }, bytes));
    return name;
  }

  /** Multiplies with weights in blocks, whose forms `BlockProduct` has. */
  blockMatMul({ name, inputs, output, shape, ...attributes }: BlockProduct): string {
    return this.node('MatMulNBits', {
      name,
      inputs,
      outputs: [output ?? outputOf(name)],
      domain: 'com.microsoft',
      attributes: {
        K: shape.inputs,
        N: shape.outputs,
        bits: attributes.bits,
        block_size: attributes.blockSize,
        accuracy_level: attributes.accuracyLevel,
      },
    });
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
}

/** The name that exporters give a node's first output. */
export function outputOf(nodeName: string): string {
  return `${nodeName}/output_0`;
}

/** The name of the weight that belongs to a node. */
export function weightName(nodeName: string): string {
  return nodeName.slice(1).replaceAll('/', '.');
}
