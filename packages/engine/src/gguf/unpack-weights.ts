import { halvesToFloats } from '../runtime/half-float.ts';
import { halvesAt, sixBits } from './block-parts.ts';
import type { Codes } from './codes.ts';
import { TENSOR_TYPES, type TensorType } from './gguf-format.ts';
import { unpackQ5, unpackQ5K } from './unpack-five-bits.ts';
import { unpackIq4Nl, unpackIq4Xs } from './unpack-value-table.ts';

export type QuantizedType = Exclude<TensorType, FloatType>;
type FloatType = 'F32' | 'F16' | 'BF16';

export function isFloatType(type: TensorType): type is FloatType {
  return TENSOR_TYPES[type].block === 1;
}

/** The weights as the format defines them, to the last bit. */
export function dequantize(type: TensorType, bytes: Uint8Array<ArrayBuffer>): Float32Array {
  if (isFloatType(type)) return readFloats(type, bytes);
  const { codes, zero, blockSize, scales, mins } = unpackCodes(type, bytes);
  const weights = new Float32Array(codes.length);
  for (let at = 0; at < codes.length; at += 1) {
    const block = Math.floor(at / blockSize);
    const scaled = Math.fround(((codes[at] ?? 0) - zero) * (scales[block] ?? 0));
    weights[at] = mins ? scaled + (mins[block] ?? 0) : scaled;
  }
  return weights;
}

function readFloats(type: FloatType, bytes: Uint8Array<ArrayBuffer>): Float32Array {
  if (type === 'F32') return new Float32Array(aligned(bytes).buffer);
  const halves = new Uint16Array(aligned(bytes).buffer);
  if (type === 'F16') return halvesToFloats(halves);
  // BF16 is the upper half of a float32.
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

/** The codes and scales of quantised weights. No number is rounded. */
export function unpackCodes(type: QuantizedType, bytes: Uint8Array): Codes {
  switch (type) {
    case 'Q4_0':
      return unpackQ4(bytes, false);
    case 'Q4_1':
      return unpackQ4(bytes, true);
    case 'Q5_0':
      return unpackQ5(bytes, false);
    case 'Q5_1':
      return unpackQ5(bytes, true);
    case 'Q8_0':
      return unpackQ8(bytes);
    case 'Q4_K':
      return unpackQ4K(bytes);
    case 'Q5_K':
      return unpackQ5K(bytes);
    case 'Q6_K':
      return unpackQ6K(bytes);
    case 'IQ4_NL':
      return unpackIq4Nl(bytes);
    case 'IQ4_XS':
      return unpackIq4Xs(bytes);
  }
}

/** A scale, a least weight in Q4_1, and 32 nibbles: the first 16 weights low, the last 16 high. */
function unpackQ4(bytes: Uint8Array, hasMin: boolean): Codes {
  const stride = TENSOR_TYPES[hasMin ? 'Q4_1' : 'Q4_0'].bytes;
  const blocks = bytes.length / stride;
  const codes = new Uint8Array(32 * blocks);
  for (let block = 0; block < blocks; block += 1) {
    const from = block * stride + (hasMin ? 4 : 2);
    for (let at = 0; at < 16; at += 1) {
      const byte = bytes[from + at] ?? 0;
      codes[32 * block + at] = byte & 15;
      codes[32 * block + 16 + at] = byte >> 4;
    }
  }
  const scales = halvesAt(bytes, stride, 0);
  const both = { codes, bits: 4, blockSize: 32, scales } as const;
  return hasMin ? { ...both, zero: 0, mins: halvesAt(bytes, stride, 2) } : { ...both, zero: 8 };
}

/** A scale and 32 signed bytes. */
function unpackQ8(bytes: Uint8Array): Codes {
  const stride = TENSOR_TYPES.Q8_0.bytes;
  const blocks = bytes.length / stride;
  const codes = new Uint8Array(32 * blocks);
  for (let block = 0; block < blocks; block += 1) {
    const from = block * stride + 2;
    // Flipping the upper bit adds 128 to a signed byte.
    for (let at = 0; at < 32; at += 1) codes[32 * block + at] = (bytes[from + at] ?? 0) ^ 0x80;
  }
  return { codes, bits: 8, zero: 128, blockSize: 32, scales: halvesAt(bytes, stride, 0) };
}

/**
 * Eight blocks of 32 nibbles, whose scales and least weights are 6-bit multiples of the two halves
 * at the start.
 */
function unpackQ4K(bytes: Uint8Array): Codes {
  const stride = TENSOR_TYPES.Q4_K.bytes;
  const count = bytes.length / stride;
  const codes = new Uint8Array(256 * count);
  const scales = new Float32Array(8 * count);
  const mins = new Float32Array(8 * count);
  const [wholes, leasts] = [halvesAt(bytes, stride, 0), halvesAt(bytes, stride, 2)];
  for (let group = 0; group < count; group += 1) {
    const packed = bytes.subarray(group * stride + 4, group * stride + 16);
    const nibbles = bytes.subarray(group * stride + 16, (group + 1) * stride);
    for (let block = 0; block < 8; block += 1) {
      const { scale, min } = sixBits(packed, block);
      scales[8 * group + block] = (wholes[group] ?? 0) * scale;
      mins[8 * group + block] = -((leasts[group] ?? 0) * min);
      const from = 32 * (block >> 1);
      const shift = 4 * (block & 1);
      const to = 256 * group + 32 * block;
      for (let at = 0; at < 32; at += 1) codes[to + at] = ((nibbles[from + at] ?? 0) >> shift) & 15;
    }
  }
  return { codes, bits: 4, zero: 0, blockSize: 32, scales, mins };
}

/**
 * Sixteen blocks of 16 six-bit codes, whose scales are signed multiples of the half at the end. Of
 * 128 weights, four times 32 share the bytes of their lower and of their upper bits.
 */
function unpackQ6K(bytes: Uint8Array): Codes {
  const stride = TENSOR_TYPES.Q6_K.bytes;
  const count = bytes.length / stride;
  const codes = new Uint8Array(256 * count);
  const scales = new Float32Array(16 * count);
  const wholes = halvesAt(bytes, stride, 208);
  for (let group = 0; group < count; group += 1) {
    const lower = bytes.subarray(group * stride, group * stride + 128);
    const upper = bytes.subarray(group * stride + 128, group * stride + 192);
    const signed = new Int8Array(bytes.buffer, bytes.byteOffset + group * stride + 192, 16);
    for (let block = 0; block < 16; block += 1) {
      scales[16 * group + block] = (wholes[group] ?? 0) * (signed[block] ?? 0);
    }
    for (let at = 0; at < 256; at += 1) {
      const [half, quarter, column] = [at >> 7, (at >> 5) & 3, at & 31];
      const low = (lower[64 * half + 32 * (quarter & 1) + column] ?? 0) >> (4 * (quarter >> 1));
      const high = (upper[32 * half + column] ?? 0) >> (2 * quarter);
      codes[256 * group + at] = (low & 15) | ((high & 3) << 4);
    }
  }
  return { codes, bits: 6, zero: 32, blockSize: 16, scales };
}

/** A copy, unless the bytes already fill their memory, because wide elements must be aligned. */
function aligned(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
