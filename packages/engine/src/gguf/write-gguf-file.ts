import { closeSync, openSync, writeSync } from 'node:fs';

import {
  alignUp,
  GGUF_ALIGNMENT,
  GGUF_MAGIC,
  GGUF_VERSION,
  TENSOR_TYPES,
  tensorBytes,
  type TensorType,
  VALUE_TYPE,
} from './gguf-format.ts';

/** A metadata value with the type that it is written as. */
export type GgufField =
  | { uint32: number }
  | { float32: number }
  | { bool: boolean }
  | { string: string }
  | { strings: readonly string[] }
  | { floats: readonly number[] }
  | { int32s: readonly number[] };

export type TensorToWrite = {
  name: string;
  /** The fastest dimension first. */
  dims: readonly number[];
  type: TensorType;
  /** Called when the tensor's turn to be written comes. */
  bytes: () => Uint8Array;
};

/** Writes a GGUF file, tensor by tensor in the given order. */
export function writeGgufFile(
  path: string,
  fields: Readonly<Record<string, GgufField>>,
  tensors: readonly TensorToWrite[],
): void {
  const entries = Object.entries(fields);
  const head: Buffer[] = [
    Buffer.from(GGUF_MAGIC),
    uint32(GGUF_VERSION),
    uint64(tensors.length),
    uint64(entries.length),
    ...entries.flatMap(([key, field]) => [text(key), ...fieldBytes(field)]),
  ];
  let offset = 0;
  for (const { name, dims, type } of tensors) {
    head.push(text(name), uint32(dims.length), ...dims.map(uint64));
    head.push(uint32(TENSOR_TYPES[type].id), uint64(offset));
    offset += alignUp(lengthOf(dims, type), GGUF_ALIGNMENT);
  }
  const file = openSync(path, 'w');
  try {
    writeSync(file, padded(Buffer.concat(head)));
    for (const { name, dims, type, bytes } of tensors) {
      const data = bytes();
      if (data.byteLength !== lengthOf(dims, type)) {
        throw new RangeError(`${name} has ${data.byteLength} bytes, not ${lengthOf(dims, type)}.`);
      }
      writeSync(file, padded(data));
    }
  } finally {
    closeSync(file);
  }
}

function lengthOf(dims: readonly number[], type: TensorType): number {
  return tensorBytes(
    type,
    dims.reduce((product, dim) => product * dim, 1),
  );
}

function fieldBytes(field: GgufField): Buffer[] {
  const list = (type: number, items: readonly Buffer[]) => [
    uint32(VALUE_TYPE.array),
    uint32(type),
    uint64(items.length),
    ...items,
  ];
  if ('uint32' in field) return [uint32(VALUE_TYPE.uint32), uint32(field.uint32)];
  if ('float32' in field) return [uint32(VALUE_TYPE.float32), float32(field.float32)];
  if ('bool' in field) return [uint32(VALUE_TYPE.bool), Buffer.of(field.bool ? 1 : 0)];
  if ('string' in field) return [uint32(VALUE_TYPE.string), text(field.string)];
  if ('strings' in field) return list(VALUE_TYPE.string, field.strings.map(text));
  if ('floats' in field) return list(VALUE_TYPE.float32, field.floats.map(float32));
  return list(VALUE_TYPE.int32, field.int32s.map(uint32));
}

function padded(bytes: Uint8Array): Buffer {
  const padding = alignUp(bytes.byteLength, GGUF_ALIGNMENT) - bytes.byteLength;
  return Buffer.concat([bytes, Buffer.alloc(padding)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}
