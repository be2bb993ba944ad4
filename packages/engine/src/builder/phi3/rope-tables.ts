import { headSize, type ModelSize } from '../model-size.ts';

export type RopeTable = { cos: Float32Array; sin: Float32Array; rows: number };

/** LongRoPE: a table of short factors up to the original length, one of long factors beyond it. */
export function ropeTables(size: ModelSize): { short: RopeTable; long: RopeTable } {
  const { short, long } = ropeFactors(headSize(size) / 2);
  return {
    short: ropeTable(size, short, size.originalMaxPositions),
    long: ropeTable(size, long, size.maxPositions),
  };
}

/**
 * How much slower each frequency rotates. Shaped like the published factors: high frequencies
 * hardly change, low ones a lot.
 */
export function ropeFactors(frequencies: number): { short: number[]; long: number[] } {
  const shareAt = (index: number) => (frequencies === 1 ? 0 : index / (frequencies - 1));
  return {
    short: Array.from({ length: frequencies }, (_, index) => 1 + 1.8 * shareAt(index) ** 3),
    long: Array.from(
      { length: frequencies },
      (_, index) => 64.8 ** Math.min(1, 1.6 * shareAt(index)),
    ),
  };
}

/** Compensates for the wider spread of attention over a longer context. */
function ropeScale(size: ModelSize): number {
  const growth = size.maxPositions / size.originalMaxPositions;
  return growth <= 1 ? 1 : Math.sqrt(1 + Math.log(growth) / Math.log(size.originalMaxPositions));
}

/** The base of the published models. */
export const ROPE_THETA = 10_000;

function ropeTable(size: ModelSize, factors: readonly number[], rows: number): RopeTable {
  const scale = ropeScale(size);
  const width = factors.length;
  const cos = new Float32Array(rows * width);
  const sin = new Float32Array(rows * width);
  for (const [column, factor] of factors.entries()) {
    const frequency = 1 / (factor * ROPE_THETA ** (column / width));
    for (let row = 0; row < rows; row += 1) {
      cos[row * width + column] = Math.cos(row * frequency) * scale;
      sin[row * width + column] = Math.sin(row * frequency) * scale;
    }
  }
  return { cos, sin, rows };
}
