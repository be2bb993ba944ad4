import {
  ALIGNMENT_KEY,
  alignUp,
  GGUF_ALIGNMENT,
  GGUF_MAGIC,
  OTHER_TENSOR_TYPES,
  TENSOR_TYPES,
  tensorBytes,
  type TensorType,
  VALUE_TYPE,
} from './gguf-format.ts';
import type { HeaderCursor } from './header-cursor.ts';
import { refuse } from './refuse.ts';

export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

export type GgufTensor = {
  name: string;
  type: TensorType;
  /** The fastest dimension first: a matrix is `[inputs, outputs]`. */
  dims: readonly number[];
  count: number;
  /** Its place in the file. */
  offset: number;
  sizeBytes: number;
};

export type GgufHeader = {
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: ReadonlyMap<string, GgufTensor>;
};

const FIELDS_MAX = 4_096;
const TENSORS_MAX = 65_536;
const DIMS_MAX = 4;
const KEY_BYTES_MAX = 65_535;
const NAME_BYTES_MAX = 256;
/** A chat template is the longest text that files have. */
const TEXT_BYTES_MAX = 4 * 2 ** 20;
const ALIGNMENT_MAX = 65_536;
const BIG_ENDIAN_VERSIONS = [0x0200_0000, 0x0300_0000];

/**
 * Reads and checks everything before the weights: every tensor is of a known type, inside the file,
 * and overlaps no other. Throws `EngineError('model')` otherwise.
 */
export function readGgufHeader(cursor: HeaderCursor): GgufHeader {
  const magic = Buffer.from(cursor.bytes(4)).toString('latin1');
  if (magic !== GGUF_MAGIC) throw refuse(`begins with ${JSON.stringify(magic)}, not with GGUF`);
  const version = cursor.uint32();
  if (BIG_ENDIAN_VERSIONS.includes(version)) throw refuse('is big-endian, which is not supported');
  if (version !== 2 && version !== 3) throw refuse(`is of version ${version}; 2 and 3 are known`);
  const tensorCount = cursor.count('tensors', TENSORS_MAX);
  const fieldCount = cursor.count('metadata fields', FIELDS_MAX);

  const metadata = new Map<string, GgufValue>();
  for (let left = fieldCount; left > 0; left -= 1) {
    const key = cursor.text(KEY_BYTES_MAX);
    if (metadata.has(key)) throw refuse(`has the field ${JSON.stringify(key)} twice`);
    metadata.set(key, readValue(cursor, cursor.uint32(), key));
  }
  const heads = Array.from({ length: tensorCount }, () => readTensor(cursor));
  const start = alignUp(cursor.offset, alignmentOf(metadata));
  const tensors = placeTensors(heads, start, alignmentOf(metadata), cursor.fileBytes);
  return { metadata, tensors };
}

function readValue(cursor: HeaderCursor, type: number, key: string): GgufValue {
  switch (type) {
    case VALUE_TYPE.uint8:
      return cursor.view(1).getUint8(0);
    case VALUE_TYPE.int8:
      return cursor.view(1).getInt8(0);
    case VALUE_TYPE.uint16:
      return cursor.view(2).getUint16(0, true);
    case VALUE_TYPE.int16:
      return cursor.view(2).getInt16(0, true);
    case VALUE_TYPE.uint32:
      return cursor.uint32();
    case VALUE_TYPE.int32:
      return cursor.view(4).getInt32(0, true);
    case VALUE_TYPE.float32:
      return cursor.view(4).getFloat32(0, true);
    case VALUE_TYPE.float64:
      return cursor.view(8).getFloat64(0, true);
    case VALUE_TYPE.uint64:
      return cursor.view(8).getBigUint64(0, true);
    case VALUE_TYPE.int64:
      return cursor.view(8).getBigInt64(0, true);
    case VALUE_TYPE.bool:
      return cursor.view(1).getUint8(0) !== 0;
    case VALUE_TYPE.string:
      return cursor.text(TEXT_BYTES_MAX);
    case VALUE_TYPE.array: {
      const itemType = cursor.uint32();
      if (itemType === VALUE_TYPE.array) throw refuse(`has a list of lists in ${key}`);
      const items: GgufValue[] = [];
      for (let left = cursor.items(key); left > 0; left -= 1) {
        items.push(readValue(cursor, itemType, key));
      }
      return items;
    }
    default:
      throw refuse(`has a value of the unknown type ${type} in ${key}`);
  }
}

/** `offset` is still relative to the start of the weights. */
function readTensor(cursor: HeaderCursor): GgufTensor {
  const name = cursor.text(NAME_BYTES_MAX);
  const dimCount = cursor.uint32();
  if (dimCount < 1 || dimCount > DIMS_MAX) throw refuse(`has ${dimCount} dimensions in ${name}`);
  const dims = Array.from({ length: dimCount }, () => cursor.count(`a dimension of ${name}`));
  const count = dims.reduce((product, dim) => product * dim, 1);
  const type = typeOf(cursor.uint32(), name);
  const { block } = TENSOR_TYPES[type];
  if (count < 1 || !Number.isSafeInteger(4 * count)) {
    throw refuse(`has ${dims.join(' x ')} weights in ${name}`);
  }
  if ((dims[0] ?? 0) % block !== 0) {
    throw refuse(`has rows of ${dims[0]} weights in ${name}, not a multiple of ${block}`);
  }
  const offset = cursor.count(`the offset of ${name}`);
  return { name, type, dims, count, offset, sizeBytes: tensorBytes(type, count) };
}

function typeOf(id: number, name: string): TensorType {
  for (const [type, known] of Object.entries(TENSOR_TYPES)) {
    // `Object.entries` widens the keys of the table to text.
    if (known.id === id) return type as TensorType;
  }
  throw refuse(
    `has weights of type ${OTHER_TENSOR_TYPES[id] ?? id} in ${name}. Supported: ${Object.keys(TENSOR_TYPES).join(', ')}`,
  );
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const given = metadata.get(ALIGNMENT_KEY) ?? GGUF_ALIGNMENT;
  if (typeof given === 'number' && given >= 8 && given % 8 === 0 && given <= ALIGNMENT_MAX) {
    return given;
  }
  throw refuse(`has the alignment ${JSON.stringify(String(given))}`);
}

function placeTensors(
  heads: readonly GgufTensor[],
  start: number,
  alignment: number,
  fileBytes: number,
): Map<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>();
  let end = start;
  let former = '';
  for (const head of heads.toSorted((left, right) => left.offset - right.offset)) {
    const offset = start + head.offset;
    if (head.offset % alignment !== 0) throw refuse(`has ${head.name} at no aligned offset`);
    if (offset < end) throw refuse(`has ${former} and ${head.name} in the same place`);
    end = offset + head.sizeBytes;
    if (end > fileBytes) {
      throw refuse(
        `is truncated: ${head.name} ends at byte ${end} and the file has ${fileBytes} bytes`,
      );
    }
    if (tensors.has(head.name)) throw refuse(`has the tensor ${JSON.stringify(head.name)} twice`);
    tensors.set(head.name, { ...head, offset });
    former = head.name;
  }
  return tensors;
}
