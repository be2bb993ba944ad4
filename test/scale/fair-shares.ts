/** How near what tenants had is to what they were due. */
import type { Simulated } from './simulate-fleet.ts';

/** Jain's index: 1 where all are equal, 1/n where one has everything. NaN of nothing. */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return (sum * sum) / (values.length * squares);
}

/**
 * Jain's index per window, of slot-time / weighted max-min share, over the tenants that had tasks
 * waiting through it. All of them want more than they get, so their shares are as their weights.
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
