import { headSize, type ModelSize } from '../model-size.ts';
import type { RopeChoice } from '../rope-choice.ts';
import { ropeTable } from '../rope-table.ts';

/** LongRoPE: a table of short factors up to the original length, one of long factors beyond it. */
export function ropeTables(size: ModelSize): RopeChoice {
  const { short, long } = ropeFactors(headSize(size) / 2);
  const { originalMaxPositions: shortTokens, maxPositions } = size;
  const both = { theta: ROPE_THETA, scale: ropeScale(size) };
  return {
    short: ropeTable({ ...both, factors: short, rows: shortTokens }),
    long: ropeTable({ ...both, factors: long, rows: maxPositions }),
    shortTokens,
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
