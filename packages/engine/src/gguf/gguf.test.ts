import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';

import { EngineError } from '../engine-error.ts';
import { GgufFile } from './gguf-file.ts';
import { type TensorType, TENSOR_TYPES } from './gguf-format.ts';
import { isFloatType, type QuantizedType, dequantize, unpackCodes } from './unpack-weights.ts';
import { toBlocks } from './weight-blocks.ts';
import { type GgufField, type TensorToWrite, writeGgufFile } from './write-gguf-file.ts';

const parent = mkdtempSync(join(tmpdir(), 'runfleet-gguf-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/**
 * 512 weights of each type with random codes and scales, and what `gguf.quants.dequantize` of the
 * Python package `gguf` 0.19.0 makes of them.
 */
const DEQUANTIZED = JSON.parse(
  readFileSync(new URL('testing/dequantized.json', import.meta.url), 'utf8'),
) as Record<TensorType, { bytes: string; floats: string }>;

const TYPES = Object.keys(TENSOR_TYPES) as TensorType[];
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const floatsOf = (base64: string) => new Float32Array(bytesOf(base64).buffer);

const FIELDS: Record<string, GgufField> = {
  'general.architecture': { string: 'test' },
  'a.number': { uint32: 7 },
  'a.float': { float32: 0.5 },
  'a.flag': { bool: true },
  'some.tokens': { strings: ['a', 'é', ''] },
  'some.scores': { floats: [1, -2] },
  'some.types': { int32s: [1, 3] },
};
const tensor = (name: string, dims: readonly number[]): TensorToWrite => ({
  name,
  dims,
  type: 'F32',
  bytes: () => new Uint8Array(4 * dims.reduce((product, dim) => product * dim, 1)).fill(1),
});

function written(
  fields: Record<string, GgufField> = FIELDS,
  tensors: TensorToWrite[] = [tensor('first', [3, 2]), tensor('second', [5])],
): Buffer {
  const path = join(parent, 'written.gguf');
  writeGgufFile(path, fields, tensors);
  return readFileSync(path);
}

function open(bytes: Uint8Array): GgufFile {
  const path = join(parent, 'read.gguf');
  writeFileSync(path, bytes);
  return GgufFile.open(path);
}

test.each(TYPES)('%s is read to the last bit as the format defines it', (type) => {
  const { bytes, floats } = DEQUANTIZED[type];
  expect(dequantize(type, bytesOf(bytes))).toEqual(floatsOf(floats));
});

test.each(TYPES.filter((type): type is QuantizedType => !isFloatType(type)))(
  'the blocks that the engine multiplies with are exactly the weights of %s',
  (type) => {
    const { bytes, floats } = DEQUANTIZED[type];
    const { packed, bits, blockSize, scales, offsets } = toBlocks(
      unpackCodes(type, bytesOf(bytes)),
    );
    const weights = Float32Array.from(floatsOf(floats), (_, at) => {
      const code = bits === 8 ? packed[at] : (packed[at >> 1] ?? 0) >> (4 * (at & 1));
      const centred = bits === 8 ? (code ?? 0) - 128 : ((code ?? 0) & 15) - 8;
      const block = Math.floor(at / blockSize);
      return centred * (scales[block] ?? 0) + (offsets?.[block] ?? 0);
    });
    // The order of two additions differs where a block has an offset.
    const tolerance = offsets ? 2e-6 : 0;
    for (const [at, weight] of floatsOf(floats).entries()) {
      expect(Math.abs((weights[at] ?? 0) - weight)).toBeLessThanOrEqual(tolerance);
    }
  },
);

test('what was written is read: metadata of every type, tensors by name', () => {
  using file = open(written());
  expect(Object.fromEntries(file.metadata)).toEqual({
    'general.architecture': 'test',
    'a.number': 7,
    'a.float': 0.5,
    'a.flag': true,
    'some.tokens': ['a', 'é', ''],
    'some.scores': [1, -2],
    'some.types': [1, 3],
  });
  expect([...file.tensors.keys()]).toEqual(['first', 'second']);
  expect(file.read(file.tensor('second', 5))).toEqual(new Uint8Array(20).fill(1));
  expect(() => file.tensor('third', 5)).toThrow(/has no tensor third/u);
  expect(() => file.tensor('first', 2, 3)).toThrow(/has first as \[3, 2\], not \[2, 3\]/u);
});

/** The place of a text in the file, or just behind it. */
const at = (bytes: Buffer, text: string, past = 0) =>
  bytes.indexOf(text) + (past === 0 ? 0 : text.length + past - 1);

test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
  ['another format', (bytes) => bytes.fill('PK', 0, 2), /begins with "PKUF"/u],
  ['an empty file', () => Buffer.alloc(0), /is truncated before its weights/u],
  ['an old version', (bytes) => edit(bytes, (view) => view.writeUInt32LE(1, 4)), /version 1/u],
  ['big-endian numbers', (bytes) => edit(bytes, (view) => view.writeUInt32BE(3, 4)), /big-endian/u],
  [
    'more tensors than any model has',
    (bytes) => edit(bytes, (view) => view.writeBigUInt64LE(2n ** 60n, 8)),
    /has 1152921504606846976 as tensors; at most 65536/u,
  ],
  [
    'more fields than any model has',
    (bytes) => edit(bytes, (view) => view.writeBigUInt64LE(5_000n, 16)),
    /has 5000 as metadata fields/u,
  ],
  [
    'a text longer than the file',
    (bytes) => edit(bytes, (view) => view.writeBigUInt64LE(2n ** 16n, 24)),
    /the bytes of a text|is truncated/u,
  ],
  [
    'a list longer than memory',
    (bytes) =>
      edit(bytes, (view) => view.writeBigUInt64LE(2n ** 40n, at(bytes, 'some.scores', 1) + 8)),
    /has 1099511627776 as the length of some.scores/u,
  ],
  [
    'a list of lists',
    (bytes) => edit(bytes, (view) => view.writeUInt32LE(9, at(bytes, 'some.scores', 1) + 4)),
    /list of lists in some.scores/u,
  ],
  [
    'an unknown type of value',
    (bytes) => edit(bytes, (view) => view.writeUInt32LE(99, at(bytes, 'a.number', 1))),
    /unknown type 99 in a.number/u,
  ],
  [
    'text that is not UTF-8',
    (bytes) => edit(bytes, (view) => view.writeUInt8(0xff, at(bytes, 'é'))),
    /is not UTF-8/u,
  ],
  [
    'a type of weights that is not supported',
    (bytes) => edit(bytes, (view) => view.writeUInt32LE(11, at(bytes, 'second', 1) + 12)),
    /weights of type Q3_K in second\. Supported: F32/u,
  ],
  [
    'no dimensions',
    (bytes) => edit(bytes, (view) => view.writeUInt32LE(0, at(bytes, 'second', 1))),
    /has 0 dimensions in second/u,
  ],
  [
    'a dimension of nothing',
    (bytes) => edit(bytes, (view) => view.writeBigUInt64LE(0n, at(bytes, 'second', 1) + 4)),
    /has 0 weights in second/u,
  ],
  [
    'dimensions whose product is no number',
    (bytes) => edit(bytes, (view) => view.writeBigUInt64LE(2n ** 52n, at(bytes, 'second', 1) + 4)),
    /weights in second/u,
  ],
  [
    'rows that are no whole blocks',
    (bytes) => edit(bytes, (view) => view.writeUInt32LE(2, at(bytes, 'second', 1) + 12)),
    /has rows of 5 weights in second, not a multiple of 32/u,
  ],
  [
    'a tensor at no aligned offset',
    (bytes) => edit(bytes, (view) => view.writeBigUInt64LE(33n, at(bytes, 'second', 1) + 16)),
    /second at no aligned offset/u,
  ],
  [
    'two tensors in the same place',
    (bytes) => edit(bytes, (view) => view.writeBigUInt64LE(0n, at(bytes, 'second', 1) + 16)),
    /first and second in the same place/u,
  ],
  [
    'a tensor outside the file',
    (bytes) => edit(bytes, (view) => view.writeBigUInt64LE(2n ** 40n, at(bytes, 'second', 1) + 16)),
    /is truncated: second ends at byte/u,
  ],
  ['weights cut short', (bytes) => bytes.subarray(0, -32), /is truncated: second ends at byte/u],
])('%s is refused with the reason', (_, damage, message) => {
  const bytes = written();
  expect(() => open(damage(bytes))).toThrow(message);
});

function edit(bytes: Buffer, change: (view: Buffer) => void): Buffer {
  change(bytes);
  return bytes;
}

test('names that occur twice are refused', () => {
  const twice = [tensor('first', [3, 2]), tensor('first', [5])];
  expect(() => open(written(FIELDS, twice))).toThrow(/has the tensor "first" twice/u);
  const bytes = written({ 'a.one': { uint32: 1 }, 'a.two': { uint32: 1 } });
  bytes.write('a.one', at(bytes, 'a.two'));
  expect(() => open(bytes)).toThrow(/has the field "a.one" twice/u);
});

test('a file with any damage is read or refused, and no tensor lies outside it', () => {
  const whole = written();
  const damage = fc.array(fc.record({ place: fc.nat(whole.length - 1), byte: fc.nat(255) }), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(damage, fc.option(fc.nat(whole.length)), (changes, length) => {
      const bytes = Buffer.from(whole);
      for (const { place, byte } of changes) bytes[place] = byte;
      const cut = length === null ? bytes : bytes.subarray(0, length);
      expect(outcomeOf(cut)).toMatch(/^read$|^The GGUF file /u);
    }),
    { numRuns: 500 },
  );
});

/** `read`, or the message that refuses the file. */
function outcomeOf(bytes: Buffer): string {
  try {
    using file = open(bytes);
    for (const each of file.tensors.values()) file.read(each);
    return 'read';
  } catch (error) {
    return error instanceof EngineError ? error.message : `${String(error)} was thrown`;
  }
}
