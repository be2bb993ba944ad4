import { halvesToFloats } from '../runtime/half-float.ts';

/** Twelve bytes hold eight pairs of six bits; the upper bits of the last four pairs are apart. */
export function sixBits(packed: Uint8Array, block: number): { scale: number; min: number } {
  const byte = (at: number) => packed[at] ?? 0;
  if (block < 4) return { scale: byte(block) & 63, min: byte(block + 4) & 63 };
  return {
    scale: (byte(block + 4) & 15) | ((byte(block - 4) >> 6) << 4),
    min: (byte(block + 4) >> 4) | ((byte(block) >> 6) << 4),
  };
}

/** The half-precision number at the same place of every block. */
export function halvesAt(bytes: Uint8Array, stride: number, place: number): Float32Array {
  const halves = new Uint16Array(bytes.length / stride);
  for (let block = 0; block < halves.length; block += 1) {
    const at = block * stride + place;
    halves[block] = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  }
  return halvesToFloats(halves);
}
