/** IEEE 754 half precision, as raw 16-bit patterns. Node 20 has no Float16Array. */

export function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Rounds to nearest, ties to even. */
export function floatToHalf(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(value) * 2 ** 24);
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

let table: Float32Array | undefined;

/** Converts whole rows with a look-up table: a row of logits has tens of thousands of values. */
export function halvesToFloats(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  widenHalves(halves, floats);
  return floats;
}

/** Like `halvesToFloats`, into existing memory. */
export function widenHalves(halves: Uint16Array, floats: Float32Array): void {
  table ??= Float32Array.from({ length: 0x10000 }, (_, half) => halfToFloat(half));
  for (let index = 0; index < halves.length; index += 1) {
    floats[index] = table[halves[index] ?? 0] ?? 0;
  }
}
