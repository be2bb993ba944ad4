import { percentile } from '../bench/load/statistics.ts';
import type { Role } from '../e2e/role-process.ts';
import type { Outcome } from './abuse.ts';
import type { NeighbourRun } from './neighbour.ts';

const MIB = 1024 * 1024;
/**
 * The highest allowed ratio of the neighbour's p95 to its quiet p95. The p95 of the short form is the
 * fourth slowest of about 75 Runs, so it varies more.
 */
export const RATIO_MAX = { full: 2, short: 3 } as const;

/** The highest allowed resident memory of a role's process, its code included. */
export const MEMORY_BUDGET_BYTES: Readonly<Record<Role, number>> = {
  api: 768 * MIB,
  broker: 512 * MIB,
  gateway: 768 * MIB,
  worker: 1024 * MIB,
};

export type Measured = {
  name: string;
  outcome: Outcome | null;
  runs: readonly NeighbourRun[];
  healthMs: readonly number[];
  residentBytes: ReadonlyMap<Role, number>;
  /** Roles and workers that were lost, as messages. */
  lost: readonly string[];
  /** Time until the neighbour was served as before; null if it was not within the wait. */
  recoveredMs: number | null;
};

export type Verdict = Measured & {
  ratio: number;
  p95Ms: number;
  broken: string[];
  /** Only the latency law was broken. */
  isOnlySlow: boolean;
};

/** Checks which laws an abuse has broken. */
export function judge(measured: Measured, quietP95Ms: number, ratioMax: number): Verdict {
  const { outcome, runs, residentBytes, lost, recoveredMs } = measured;
  const p95Ms = p95(runs.map(({ tookMs }) => tookMs));
  const ratio = p95Ms / quietP95Ms;
  const failed = runs.filter(({ hasSucceeded }) => !hasSucceeded).length;
  const broken = [...lost];
  if (outcome === null) broken.push('the abuse did not end in time');
  if (outcome?.broken) broken.push(outcome.broken);
  if (failed > 0) broken.push(`${failed} of the neighbour's Runs failed`);
  if (recoveredMs === null) broken.push('the neighbour was not served as before within 30 s');
  for (const [role, bytes] of residentBytes) {
    const budget = MEMORY_BUDGET_BYTES[role];
    if (bytes > budget) broken.push(`${role} had ${megabytes(bytes)} of ${megabytes(budget)} MiB`);
  }
  const isSlow = !(ratio <= ratioMax);
  const isOnlySlow = isSlow && broken.length === 0;
  if (isSlow) broken.push(`the neighbour's p95 is ${ratio.toFixed(1)} times its quiet one`);
  return { ...measured, ratio, p95Ms, broken, isOnlySlow };
}

export function p95(values: readonly number[]): number {
  return values.length === 0
    ? NaN
    : percentile(
        values.toSorted((a, b) => a - b),
        0.95,
      );
}

export function megabytes(bytes: number): number {
  return Math.round(bytes / MIB);
}
