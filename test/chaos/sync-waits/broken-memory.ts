import type { RoundReport } from './restart-under-waits.ts';

/** Resident memory depends on when the collector runs. */
const GROWTH_MAX = 1.25;

/** The memory of an api that has held waits for several rounds is that of its first rounds. */
export function brokenMemory(rounds: readonly RoundReport[]): string[] {
  const steady = rounds.filter(({ ending }) => ending === 'none');
  const [first, ...later] = steady.map(({ residentBytes }) => residentBytes);
  const last = later.at(-1);
  if (first === undefined || last === undefined || last <= first * GROWTH_MAX) return [];
  const [before, after] = [first, last].map((bytes) => (bytes / 2 ** 20).toFixed(1));
  return [`the api grew from ${before} to ${after} MiB in ${steady.length} rounds`];
}
