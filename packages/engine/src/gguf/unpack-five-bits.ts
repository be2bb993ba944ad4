import { halvesAt, sixBits } from './block-parts.ts';
import type { Codes } from './codes.ts';
import { TENSOR_TYPES } from './gguf-format.ts';

/**
 * A scale, a least weight in Q5_1, the fifth bits of 32 codes, and their nibbles: the first 16
 * weights low, the last 16 high.
 */
export function unpackQ5(bytes: Uint8Array, hasMin: boolean): Codes {
  const stride = TENSOR_TYPES[hasMin ? 'Q5_1' : 'Q5_0'].bytes;
  const blocks = bytes.length / stride;
  const codes = new Uint8Array(32 * blocks);
  for (let block = 0; block < blocks; block += 1) {
    const fifths = block * stride + (hasMin ? 4 : 2);
    for (let at = 0; at < 32; at += 1) {
      const nibble = ((bytes[fifths + 4 + (at & 15)] ?? 0) >> (4 * (at >> 4))) & 15;
      const fifth = ((bytes[fifths + (at >> 3)] ?? 0) >> (at & 7)) & 1;
      codes[32 * block + at] = nibble | (fifth << 4);
    }
  }
  const scales = halvesAt(bytes, stride, 0);
  const both = { codes, bits: 5, blockSize: 32, scales } as const;
  return hasMin ? { ...both, zero: 0, mins: halvesAt(bytes, stride, 2) } : { ...both, zero: 16 };
}

/** As Q4_K, with a fifth bit of each code: byte `n` has those of weight `n` of all eight blocks. */
export function unpackQ5K(bytes: Uint8Array): Codes {
  const stride = TENSOR_TYPES.Q5_K.bytes;
  const count = bytes.length / stride;
  const codes = new Uint8Array(256 * count);
  const scales = new Float32Array(8 * count);
  const mins = new Float32Array(8 * count);
  const [wholes, leasts] = [halvesAt(bytes, stride, 0), halvesAt(bytes, stride, 2)];
  for (let group = 0; group < count; group += 1) {
    const packed = bytes.subarray(group * stride + 4, group * stride + 16);
    const fifths = bytes.subarray(group * stride + 16, group * stride + 48);
    const nibbles = bytes.subarray(group * stride + 48, (group + 1) * stride);
    for (let block = 0; block < 8; block += 1) {
      const { scale, min } = sixBits(packed, block);
      scales[8 * group + block] = (wholes[group] ?? 0) * scale;
      mins[8 * group + block] = -((leasts[group] ?? 0) * min);
      const from = 32 * (block >> 1);
      const to = 256 * group + 32 * block;
      for (let at = 0; at < 32; at += 1) {
        const nibble = ((nibbles[from + at] ?? 0) >> (4 * (block & 1))) & 15;
        codes[to + at] = nibble | ((((fifths[at] ?? 0) >> block) & 1) << 4);
      }
    }
  }
  return { codes, bits: 5, zero: 0, blockSize: 32, scales, mins };
}
