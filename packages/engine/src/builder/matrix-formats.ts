import { floatToHalf } from '../runtime/half-float.ts';

/** The same memory as bytes. */
export function toBytes(
  values: Float32Array | Uint16Array | Uint8Array | BigInt64Array,
): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Half precision as raw 16-bit patterns. */
export function toHalves(values: Float32Array): Uint16Array {
  const halves = new Uint16Array(values.length);
  for (let at = 0; at < values.length; at += 1) halves[at] = floatToHalf(values[at] ?? 0);
  return halves;
}

// Tiles stay in the cache: a plain double loop over 25M weights is ten times slower.
const TILE = 32;

/** `[outputs, inputs]` to `[inputs, outputs]`, which MatMul expects. */
export function transpose(values: Float32Array, outputs: number, inputs: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let top = 0; top < outputs; top += TILE) {
    for (let left = 0; left < inputs; left += TILE) {
      for (let output = top; output < Math.min(top + TILE, outputs); output += 1) {
        for (let input = left; input < Math.min(left + TILE, inputs); input += 1) {
          turned[input * outputs + output] = values[output * inputs + input] ?? 0;
        }
      }
    }
  }
  return turned;
}

export type Int4Matrix = { packed: Uint8Array; scales: Float32Array };

/**
 * Symmetric blocks as MatMulNBits reads them: a weight is `(nibble - 8) * scale`, two per byte, low
 * nibble first, each row padded to whole blocks.
 */
export function toInt4(
  values: Float32Array,
  rows: number,
  columns: number,
  block: number,
): Int4Matrix {
  const blocks = Math.ceil(columns / block);
  const packed = new Uint8Array((rows * blocks * block) / 2).fill(0x88);
  const scales = new Float32Array(rows * blocks);
  for (let row = 0; row < rows; row += 1) {
    for (let index = 0; index < blocks; index += 1) {
      const start = row * columns + index * block;
      const end = Math.min(start + block, (row + 1) * columns);
      const scale = largest(values, start, end) / 7;
      scales[row * blocks + index] = scale;
      if (scale === 0) continue;
      let offset = ((row * blocks + index) * block) / 2;
      for (let at = start; at < end; at += 2) {
        const low = toNibble((values[at] ?? 0) / scale);
        const high = at + 1 < end ? toNibble((values[at + 1] ?? 0) / scale) : 8;
        packed[offset] = low | (high << 4);
        offset += 1;
      }
    }
  }
  return { packed, scales };
}

// The sum is never negative, so truncating rounds it, at a fraction of Math.round's cost.
function toNibble(weight: number): number {
  return (weight + 8.5) | 0;
}

export type AwqMatrix = Int4Matrix & { zeros: Uint8Array };

/**
 * Blocks with zero points: a weight is `(nibble - zero) * scale`; two zeros per byte, each row
 * padded.
 */
export function toAwq(
  values: Float32Array,
  rows: number,
  columns: number,
  block: number,
): AwqMatrix {
  const blocks = Math.ceil(columns / block);
  const zeroBytes = Math.ceil(blocks / 2);
  const packed = new Uint8Array((rows * blocks * block) / 2);
  const scales = new Float32Array(rows * blocks);
  const zeros = new Uint8Array(rows * zeroBytes);
  for (let row = 0; row < rows; row += 1) {
    for (let index = 0; index < blocks; index += 1) {
      const start = row * columns + index * block;
      const part = values.subarray(start, Math.min(start + block, (row + 1) * columns));
      // Zero itself must be among the sixteen values.
      const low = Math.min(0, ...part);
      const scale = (Math.max(0, ...part) - low) / 15 || 1;
      const zero = Math.round(-low / scale);
      scales[row * blocks + index] = scale;
      const offset = row * zeroBytes + (index >> 1);
      zeros[offset] = (zeros[offset] ?? 0) | (zero << (4 * (index % 2)));
      for (const [at, value] of part.entries()) {
        const nibble = Math.min(15, Math.max(0, Math.round(value / scale) + zero));
        const byte = ((row * blocks + index) * block + at) >> 1;
        packed[byte] = (packed[byte] ?? 0) | (nibble << (4 * (at % 2)));
      }
    }
  }
  return { packed, scales, zeros };
}

function largest(values: Float32Array, start: number, end: number): number {
  let most = 0;
  for (let at = start; at < end; at += 1) {
    const value = values[at] ?? 0;
    const size = value < 0 ? -value : value;
    if (size > most) most = size;
  }
  return most;
}
