import { readFile, stat } from 'node:fs/promises';

const GRAPH_BYTES_MAX = 2 ** 31 - 1;

// Field numbers of onnx.proto.
const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const GRAPH_INITIALIZER = 5;
const NODE_OPERATOR = 4;
const NODE_ATTRIBUTE = 5;
const ATTRIBUTE_NAME = 1;
const ATTRIBUTE_INTEGER = 3;
const TENSOR_DIMENSION = 1;
const TENSOR_TYPE = 2;

const TYPES: Partial<Record<number, string>> = { 1: 'fp32', 10: 'fp16', 16: 'bf16' };

/** The precision of a graph's weights: `int4`, `int8`, `fp16`, `bf16` or `fp32`; null if it is not known. */
export async function readPrecision(graphPath: string): Promise<string | null> {
  const { size } = await stat(graphPath);
  if (size > GRAPH_BYTES_MAX) return null;
  try {
    return findPrecision(await readFile(graphPath));
  } catch (error) {
    // Not a graph in the protobuf format: opening it reports a better error.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function findPrecision(file: Buffer): string | null {
  const elements = new Map<string, number>();
  for (const graph of fieldsOf(file, MODEL_GRAPH)) {
    for (const node of fieldsOf(graph, GRAPH_NODE)) {
      const operator = fieldsOf(node, NODE_OPERATOR).next().value?.toString('latin1');
      if (operator === 'MatMulNBits') return `int${bitsOf(node)}`;
    }
    for (const tensor of fieldsOf(graph, GRAPH_INITIALIZER)) {
      const type = TYPES[numbersOf(tensor, TENSOR_TYPE)[0] ?? 0];
      const count = numbersOf(tensor, TENSOR_DIMENSION).reduce(
        (product, size) => product * size,
        1,
      );
      if (type !== undefined) elements.set(type, (elements.get(type) ?? 0) + count);
    }
  }
  const [most] = [...elements].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? null;
}

function bitsOf(node: Buffer): number {
  for (const attribute of fieldsOf(node, NODE_ATTRIBUTE)) {
    const name = fieldsOf(attribute, ATTRIBUTE_NAME).next().value?.toString('latin1');
    if (name === 'bits') return numbersOf(attribute, ATTRIBUTE_INTEGER)[0] ?? 4;
  }
  return 4;
}

function* fieldsOf(message: Buffer, wanted: number): Generator<Buffer, undefined> {
  for (const { field, value } of walk(message)) {
    if (field === wanted && typeof value !== 'number') yield value;
  }
  return undefined;
}

/** The numbers of a field, packed or not. */
function numbersOf(message: Buffer, wanted: number): number[] {
  const numbers: number[] = [];
  for (const { field, value } of walk(message)) {
    if (field !== wanted) continue;
    if (typeof value === 'number') numbers.push(value);
    else
      for (let at = 0; at < value.length;)
        numbers.push(readVarint(value, at, (next) => (at = next)));
  }
  return numbers;
}

function* walk(message: Buffer): Generator<{ field: number; value: number | Buffer }> {
  for (let at = 0; at < message.length;) {
    const move = (next: number) => (at = next);
    const tag = readVarint(message, at, move);
    const field = tag >>> 3;
    switch (tag & 7) {
      case 0:
        yield { field, value: readVarint(message, at, move) };
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = readVarint(message, at, move);
        if (at + length > message.length) throw new RangeError('A field ends outside its message.');
        yield { field, value: message.subarray(at, at + length) };
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        throw new RangeError('This is not a protobuf message.');
    }
  }
}

function readVarint(bytes: Buffer, start: number, move: (next: number) => void): number {
  let value = 0;
  for (let at = start, factor = 1; at < start + 10; at += 1, factor *= 128) {
    const byte = bytes.readUInt8(at);
    value += (byte & 127) * factor;
    if (byte < 128) {
      move(at + 1);
      return value;
    }
  }
  throw new RangeError('A number has more than ten bytes.');
}
