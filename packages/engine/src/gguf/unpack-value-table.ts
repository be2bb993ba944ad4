import { halvesAt } from './block-parts.ts';
import type { Codes } from './codes.ts';
import { TENSOR_TYPES } from './gguf-format.ts';

/** What a nibble of IQ4 stands for, in multiples of the scale: closer together around 0. */
const VALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
const CENTRE = 128;

/** A scale and 32 nibbles: the first 16 weights low, the last 16 high. */
export function unpackIq4Nl(bytes: Uint8Array): Codes {
  const stride = TENSOR_TYPES.IQ4_NL.bytes;
  const codes = new Uint8Array(32 * (bytes.length / stride));
  for (let block = 0; 32 * block < codes.length; block += 1) {
    readNibbles(bytes, block * stride + 2, codes, 32 * block);
  }
  return { codes, bits: 8, zero: CENTRE, blockSize: 32, scales: halvesAt(bytes, stride, 0) };
}

/** Eight such blocks, whose scales are 6-bit multiples of the half at the start, less 32. */
export function unpackIq4Xs(bytes: Uint8Array): Codes {
  const stride = TENSOR_TYPES.IQ4_XS.bytes;
  const count = bytes.length / stride;
  const codes = new Uint8Array(256 * count);
  const scales = new Float32Array(8 * count);
  const wholes = halvesAt(bytes, stride, 0);
  for (let group = 0; group < count; group += 1) {
    const from = group * stride;
    const upper = (bytes[from + 2] ?? 0) | ((bytes[from + 3] ?? 0) << 8);
    for (let block = 0; block < 8; block += 1) {
      const low = ((bytes[from + 4 + (block >> 1)] ?? 0) >> (4 * (block & 1))) & 15;
      const high = (upper >> (2 * block)) & 3;
      scales[8 * group + block] = (wholes[group] ?? 0) * ((low | (high << 4)) - 32);
      readNibbles(bytes, from + 8 + 16 * block, codes, 256 * group + 32 * block);
    }
  }
  return { codes, bits: 8, zero: CENTRE, blockSize: 32, scales };
}

function readNibbles(bytes: Uint8Array, from: number, codes: Uint8Array, to: number): void {
  for (let at = 0; at < 16; at += 1) {
    const byte = bytes[from + at] ?? 0;
    codes[to + at] = CENTRE + (VALUES[byte & 15] ?? 0);
    codes[to + 16 + at] = CENTRE + (VALUES[byte >> 4] ?? 0);
  }
}
