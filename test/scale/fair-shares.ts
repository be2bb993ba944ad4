/** Measures how close the tenants' slot-time is to their fair share. */
import type { Simulated } from './simulate-fleet.ts';

/** Jain's index: 1 if all values are equal, 1/n if one has everything. NaN for no values. */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return (sum * sum) / (values.length * squares);
}

/**
 * Jain's index of slot-time / weight per window, over the tenants that had queued tasks throughout it. All
 * of these want more than they get, so their max-min shares are proportional to their weights.
 */
export function jainOfWindows(
  { windows, backlogged }: Simulated,
  weights: ReadonlyMap<string, number>,
): number[] {
  return windows.map((had, window) =>
    jainIndex(
      [...(backlogged[window] ?? [])].map((id) => (had.get(id) ?? 0) / (weights.get(id) ?? 1)),
    ),
  );
}
