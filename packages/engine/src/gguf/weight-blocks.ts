import type { Codes } from './codes.ts';

/**
 * Weights in the blocks of the engine's matrix product (MatMulNBits without zero points): a weight
 * is `(code - 8) * scale` at four bits, two to a byte and the lower first, and `(code - 128) *
 * scale` at eight, plus the offset of its block if there are any.
 */
export type WeightBlocks = {
  packed: Uint8Array<ArrayBuffer>;
  bits: 4 | 8;
  blockSize: number;
  scales: Float32Array;
  offsets?: Float32Array;
};

/** Every type has this form without rounding its codes and scales. */
export function toBlocks({ codes, bits, zero, blockSize, scales, mins }: Codes): WeightBlocks {
  const width = bits === 4 ? 4 : 8;
  // The middle of the codes, so that a product adds small numbers; an offset makes up for it.
  const middle = mins ? 2 ** (bits - 1) : zero;
  const offsets = mins?.map((min, block) => min + (middle - zero) * (scales[block] ?? 0));
  const shift = 2 ** (width - 1) - middle;
  const shifted = shift === 0 ? codes : codes.map((code) => code + shift);
  const packed = width === 8 ? shifted : packNibbles(shifted);
  return { packed, bits: width, blockSize, scales, ...(offsets && { offsets }) };
}

/** Floats in blocks of eight bits, each of which rounds its weights to 255 steps. */
export function roundToBlocks(weights: Float32Array): WeightBlocks {
  const blockSize = 32;
  const scales = new Float32Array(weights.length / blockSize);
  const packed = new Uint8Array(weights.length);
  for (let block = 0; block < scales.length; block += 1) {
    const from = block * blockSize;
    let most = 0;
    for (let at = from; at < from + blockSize; at += 1) {
      most = Math.max(most, Math.abs(weights[at] ?? 0));
    }
    const scale = Math.fround(most / 127);
    scales[block] = scale;
    for (let at = from; at < from + blockSize; at += 1) {
      packed[at] = 128 + (scale === 0 ? 0 : Math.round((weights[at] ?? 0) / scale));
    }
  }
  return { packed, bits: 8, blockSize, scales };
}

/** The identity of one block: its product is what the kernel takes its input for. */
export function identityBlocks(bits: 4 | 8, blockSize: number): WeightBlocks {
  const centre = bits === 4 ? 8 : 128;
  const codes = new Uint8Array(blockSize ** 2).fill(centre);
  for (let at = 0; at < blockSize; at += 1) codes[at * (blockSize + 1)] = centre + 1;
  const packed = bits === 8 ? codes : packNibbles(codes);
  return { packed, bits, blockSize, scales: new Float32Array(blockSize).fill(1) };
}

/** The same matrix of `columns` inputs with its first `rows` multiplied. */
export function scaleRows(
  blocks: WeightBlocks,
  { rows, columns, factor }: { rows: number; columns: number; factor: number },
): WeightBlocks {
  const end = (rows * columns) / blocks.blockSize;
  const scaled = (values: Float32Array) =>
    values.map((value, block) => (block < end ? factor * value : value));
  return {
    ...blocks,
    scales: scaled(blocks.scales),
    ...(blocks.offsets && { offsets: scaled(blocks.offsets) }),
  };
}

/** Two codes to a byte, the lower first. */
export function packNibbles(codes: Uint8Array): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(codes.length / 2);
  for (let at = 0; at < packed.length; at += 1) {
    packed[at] = (codes[2 * at] ?? 0) | ((codes[2 * at + 1] ?? 0) << 4);
  }
  return packed;
}
