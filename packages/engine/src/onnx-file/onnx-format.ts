import { ProtobufWriter } from './protobuf-writer.ts';

/**
 * The messages of onnx.proto, as far as the graphs written here use them, with their field numbers.
 */

const DATA_TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, float16: 10 } as const;

export type DataType = keyof typeof DATA_TYPES;

type Attribute =
  | number
  | { float: number }
  | { tensor: ProtobufWriter }
  | { graph: ProtobufWriter };

export type NodeOptions = {
  name: string;
  inputs: readonly string[];
  outputs: readonly string[];
  domain?: string;
  /** A plain number is an integer attribute. */
  attributes?: Record<string, Attribute>;
};

/** An operator of a graph, with the names of its inputs and outputs. */
export function node(operator: string, options: NodeOptions): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const input of options.inputs) writer.text(1, input);
  for (const output of options.outputs) writer.text(2, output);
  writer.text(3, options.name).text(4, operator);
  for (const [name, value] of Object.entries(options.attributes ?? {})) {
    writer.message(5, attribute(name, value));
  }
  return writer.text(7, options.domain ?? '');
}

function attribute(name: string, value: Attribute): ProtobufWriter {
  const writer = new ProtobufWriter().text(1, name);
  if (typeof value === 'number') return writer.int(3, value).int(20, 2);
  if ('float' in value) return writer.float(2, value.float).int(20, 1);
  if ('tensor' in value) return writer.message(5, value.tensor).int(20, 4);
  return writer.message(6, value.graph).int(20, 5);
}

export type TensorHead = { name: string; type: DataType; dims: readonly number[] };

/** A tensor whose bytes are in the graph file itself. */
export function inlineTensor(head: TensorHead, bytes: Uint8Array): ProtobufWriter {
  return tensorHead(head).bytes(9, bytes);
}

/** A tensor whose bytes are in another file of the same folder. */
export function externalTensor(
  head: TensorHead,
  range: { location: string; offset: number; length: number },
): ProtobufWriter {
  const entries = Object.entries(range).map(([key, value]) =>
    new ProtobufWriter().text(1, key).text(2, String(value)),
  );
  return tensorHead(head).messages(13, entries).int(14, 1);
}

function tensorHead({ name, type, dims }: TensorHead): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const dim of dims) writer.int(1, dim);
  return writer.int(2, DATA_TYPES[type]).text(8, name);
}

/** A graph's input or output; a dimension given by name varies from run to run. */
export function valueInfo(
  name: string,
  type: DataType,
  dims: readonly (number | string)[],
): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const dim of dims) {
    const size = new ProtobufWriter();
    shape.message(1, typeof dim === 'number' ? size.int(1, dim) : size.text(2, dim));
  }
  const tensor = new ProtobufWriter().int(1, DATA_TYPES[type]).message(2, shape);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}

/**
 * The nodes are in an order in which each one's inputs already exist. Initializers are the constant
 * tensors.
 */
export function graph(options: {
  name: string;
  nodes: readonly ProtobufWriter[];
  initializers: readonly ProtobufWriter[];
  inputs: readonly ProtobufWriter[];
  outputs: readonly ProtobufWriter[];
}): ProtobufWriter {
  return new ProtobufWriter()
    .messages(1, options.nodes)
    .text(2, options.name)
    .messages(5, options.initializers)
    .messages(11, options.inputs)
    .messages(12, options.outputs);
}

/** The whole file, with opset 14 and IR 7 as in the published builds. */
export function onnxFile(graphMessage: ProtobufWriter): ProtobufWriter {
  const opset = (domain: string, version: number) =>
    new ProtobufWriter().text(1, domain).int(2, version);
  return new ProtobufWriter()
    .int(1, 7)
    .text(2, 'runfleet')
    .message(7, graphMessage)
    .messages(8, [opset('', 14), opset('com.microsoft', 1)]);
}
