import { type FileHandle, open } from 'node:fs/promises';

import {
  ATTRIBUTE,
  GRAPH,
  MODEL,
  NODE,
  PART_BYTES_MAX,
  TENSOR,
  TYPE,
  VALUE,
} from '../onnx-file/onnx-fields.ts';
import { fieldsOf, ProtobufFile, varintsOf } from '../onnx-file/protobuf-file.ts';

/** What the graph file itself states, and no configuration file reliably does. */
export type GraphFacts = {
  /**
   * The length after which the graph computes with its other rope table; null if it has only one,
   * undefined if that cannot be read.
   */
  ropeSwitch: number | null | undefined;
  /** Rows of the embedding, one for each id; undefined if that cannot be read. */
  embeddingRows: number | undefined;
  /** The element type of its caches; undefined if that cannot be read. */
  cacheType: 'float32' | 'float16' | undefined;
};

/** A graph of 32 layers has about 1,000. */
const PARTS_MAX = 200_000;
const COMPARISONS: readonly string[] = ['Greater', 'GreaterOrEqual'];

const FLOATS: Readonly<Record<number, GraphFacts['cacheType']>> = { 1: 'float32', 10: 'float16' };

const UNKNOWN: GraphFacts = {
  ropeSwitch: undefined,
  embeddingRows: undefined,
  cacheType: undefined,
};

type Node = { operator: string; inputs: string[]; outputs: string[]; constant: bigint | undefined };
type InputNames = { inputIds: string; cache: string };
type Tensor = { name: string; dims: number[]; value: bigint | undefined };

/**
 * Reads the outline of an ONNX file, whatever its size. Everything is unknown if it is not one; the
 * library that loads it explains that better.
 */
export async function readGraphFacts(path: string, names: InputNames): Promise<GraphFacts> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const { size } = await handle.stat();
    return await readFacts(new ProtobufFile(handle), size, names);
  } catch {
    return UNKNOWN;
  } finally {
    await handle?.close();
  }
}

async function readFacts(file: ProtobufFile, size: number, names: InputNames): Promise<GraphFacts> {
  const constants = new Map<string, bigint | undefined>();
  const rows = new Map<string, number | undefined>();
  const limits: string[] = [];
  const embeddings: string[] = [];
  let cacheType: GraphFacts['cacheType'];
  let parts = 0;
  for await (const field of file.fields({ start: 0, end: size })) {
    if (field.number !== MODEL.graph) continue;
    for await (const part of file.fields(field)) {
      parts += 1;
      if (parts > PARTS_MAX) return UNKNOWN;
      if (part.number === GRAPH.input) {
        const { name, element } = parseInput(await file.read(part, PART_BYTES_MAX));
        if (name === names.cache) cacheType = FLOATS[element];
      } else if (part.number === GRAPH.initializer) {
        const { name, dims, value } = parseTensor(await file.read(part, PART_BYTES_MAX));
        constants.set(name, value);
        rows.set(name, dims[0]);
      } else if (part.number === GRAPH.node) {
        const { operator, inputs, outputs, constant } = parseNode(
          await file.read(part, PART_BYTES_MAX),
        );
        if (operator === 'Constant') constants.set(outputs[0] ?? '', constant);
        if (COMPARISONS.includes(operator)) limits.push(inputs[1] ?? '');
        if (operator === 'Gather' && inputs[1] === names.inputIds) embeddings.push(inputs[0] ?? '');
      }
    }
  }
  // A file without a graph is damaged.
  if (parts === 0) return UNKNOWN;
  const [limit] = limits;
  const [embedding] = embeddings;
  return {
    ropeSwitch:
      limit === undefined ? null : limits.length === 1 ? asLimit(constants.get(limit)) : undefined,
    embeddingRows: embedding === undefined ? undefined : rows.get(embedding),
    cacheType,
  };
}

function asLimit(value: bigint | undefined): number | undefined {
  return value !== undefined && value > 0n && value < 2n ** 31n ? Number(value) : undefined;
}

/** The name of an input and the number of its element type. */
function parseInput(bytes: Uint8Array): { name: string; element: number } {
  let [name, element] = ['', 0];
  for (const { number, value } of fieldsOf(bytes)) {
    if (typeof value === 'bigint') continue;
    if (number === VALUE.name) name = asText(value);
    else if (number === VALUE.type) element = parseElement(value);
  }
  return { name, element };
}

function parseElement(type: Uint8Array): number {
  for (const { number, value: tensor } of fieldsOf(type)) {
    if (number !== TYPE.tensor || typeof tensor === 'bigint') continue;
    for (const { number: field, value } of fieldsOf(tensor)) {
      if (field === TYPE.element && typeof value === 'bigint') return Number(value);
    }
  }
  return 0;
}

function parseNode(bytes: Uint8Array): Node {
  const node: Node = { operator: '', inputs: [], outputs: [], constant: undefined };
  for (const { number, value } of fieldsOf(bytes)) {
    if (typeof value === 'bigint') continue;
    if (number === NODE.input) node.inputs.push(asText(value));
    else if (number === NODE.output) node.outputs.push(asText(value));
    else if (number === NODE.operator) node.operator = asText(value);
    else if (number === NODE.attribute) node.constant ??= parseAttribute(value);
  }
  return node;
}

/** The number in an attribute `value`, as a node `Constant` has it. */
function parseAttribute(bytes: Uint8Array): bigint | undefined {
  let name = '';
  let tensor: Tensor | undefined;
  for (const { number, value } of fieldsOf(bytes)) {
    if (typeof value === 'bigint') continue;
    if (number === ATTRIBUTE.name) name = asText(value);
    else if (number === ATTRIBUTE.tensor) tensor = parseTensor(value);
  }
  return name === 'value' ? tensor?.value : undefined;
}

/** `value` is that of a tensor of one whole number in the file itself. */
function parseTensor(bytes: Uint8Array): Tensor {
  const tensor: Tensor = { name: '', dims: [], value: undefined };
  for (const { number, value } of fieldsOf(bytes)) {
    if (number === TENSOR.dims) tensor.dims.push(...Array.from(varintsOf(value), Number));
    else if (number === TENSOR.int32s || number === TENSOR.int64s)
      [tensor.value] = varintsOf(value);
    else if (typeof value === 'bigint') continue;
    else if (number === TENSOR.name) tensor.name = asText(value);
    else if (number === TENSOR.bytes) tensor.value = asNumber(value);
  }
  return tensor;
}

/** An int32 or int64; floats have other lengths or are not compared with lengths. */
function asNumber(bytes: Uint8Array): bigint | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 8) return view.getBigInt64(0, true);
  return bytes.length === 4 ? BigInt(view.getInt32(0, true)) : undefined;
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
