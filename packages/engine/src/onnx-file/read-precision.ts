import { open } from 'node:fs/promises';

import { ATTRIBUTE, GRAPH, MODEL, NODE, PART_BYTES_MAX, TENSOR } from './onnx-fields.ts';
import { fieldsOf, ProtobufFile, varintsOf } from './protobuf-file.ts';

const BITS_DEFAULT = 4;
const TYPES: Readonly<Record<number, string>> = { 1: 'fp32', 10: 'fp16', 16: 'bf16' };

/** The precision of a graph's weights: `int4`, `int8`, `fp16`, `bf16` or `fp32`; null if it is not known. */
export async function readPrecision(graphPath: string): Promise<string | null> {
  const handle = await open(graphPath);
  try {
    const { size } = await handle.stat();
    return await findPrecision(new ProtobufFile(handle), size);
  } catch (error) {
    // Not a graph in the protobuf format: opening it reports a better error.
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    await handle.close();
  }
}

async function findPrecision(file: ProtobufFile, size: number): Promise<string | null> {
  const elements = new Map<string, number>();
  for await (const graph of file.fields({ start: 0, end: size })) {
    if (graph.number !== MODEL.graph) continue;
    for await (const part of file.fields(graph)) {
      if (part.number === GRAPH.node) {
        const bits = blockBitsOf(await file.read(part, PART_BYTES_MAX));
        if (bits !== undefined) return `int${bits}`;
      } else if (part.number === GRAPH.initializer) {
        const { type, count } = sizeOf(await file.read(part, PART_BYTES_MAX));
        if (type !== undefined) elements.set(type, (elements.get(type) ?? 0) + count);
      }
    }
  }
  const [most] = [...elements].toSorted(([, left], [, right]) => right - left);
  return most?.[0] ?? null;
}

/** Undefined if the node is no product with weights in blocks. */
function blockBitsOf(node: Uint8Array): number | undefined {
  let isBlocks = false;
  let bits = BITS_DEFAULT;
  for (const { number, value } of fieldsOf(node)) {
    if (typeof value === 'bigint') continue;
    if (number === NODE.operator) isBlocks = Buffer.from(value).toString() === 'MatMulNBits';
    else if (number === NODE.attribute) bits = bitsIn(value) ?? bits;
  }
  return isBlocks ? bits : undefined;
}

function bitsIn(attribute: Uint8Array): number | undefined {
  let name = '';
  let integer: number | undefined;
  for (const { number, value } of fieldsOf(attribute)) {
    if (number === ATTRIBUTE.name && typeof value !== 'bigint') {
      name = Buffer.from(value).toString();
    } else if (number === ATTRIBUTE.integer && typeof value === 'bigint') {
      integer = Number(value);
    }
  }
  return name === 'bits' ? integer : undefined;
}

function sizeOf(tensor: Uint8Array): { type: string | undefined; count: number } {
  let type: string | undefined;
  let count = 1;
  for (const { number, value } of fieldsOf(tensor)) {
    if (number === TENSOR.dims) for (const size of varintsOf(value)) count *= Number(size);
    else if (number === TENSOR.type && typeof value === 'bigint') type = TYPES[Number(value)];
  }
  return { type, count };
}
