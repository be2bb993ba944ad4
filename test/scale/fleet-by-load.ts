/** A fleet of 10,000 GPUs, from half idle to far overloaded. */
import { seededRandom } from '@runfleet/scheduler/testing';

import { percentile } from '../bench/load/statistics.ts';
import { jainIndex } from './fair-shares.ts';
import { simulateFleet, type SimulatedTenant } from './simulate-fleet.ts';
import { poissonMs, runAbout } from './tenants.ts';

export type FleetStatistics = {
  /** Offered work / capacity. */
  load: number;
  /** Waits of tenants that demand no more than their share, and of all tenants. */
  modestWaitsMs: { p50: number; p95: number; p99: number };
  allWaitsMs: { p50: number; p95: number; p99: number };
  /** Jain's index of slot-time in the last window, over tenants backlogged throughout it; null for under ten. */
  jain: number | null;
  /** Picked tasks, and the scheduler's process time for each: insert, pick and release. */
  picks: number;
  microsPerTask: number;
};

const SLOTS = 10_000;
const TENANTS = 1_000;
const MEAN_RUN_MS = 10_000;
const WINDOW_MS = 60_000;
const WINDOWS = 2;

/** Tenants demand load in proportions of 1 to 100; runs take 10 s on average. */
export function fleetByLoad(load: number): FleetStatistics {
  const random = seededRandom(29);
  const asks = Array.from({ length: TENANTS }, () => 100 ** random());
  const sum = asks.reduce((total, ask) => total + ask, 0);
  const perSecond = (load * SLOTS * 1_000) / MEAN_RUN_MS;
  const tenants = asks.map((ask, index): SimulatedTenant => {
    const ownPerSecond = (perSecond * ask) / sum;
    return {
      id: String(index + 1),
      weight: 1,
      backlog: 0,
      isRefilled: false,
      betweenMs: () => poissonMs(ownPerSecond, random),
      runMs: () => runAbout(MEAN_RUN_MS, random),
      expectedMs: MEAN_RUN_MS,
    };
  });
  const simulated = simulateFleet({
    tenants,
    slots: SLOTS,
    forMs: WINDOWS * WINDOW_MS,
    windowMs: WINDOW_MS,
  });
  const { windows, backlogged, waitsMs, picks, queueMs } = simulated;
  const modest = tenants.filter((_, index) => ((asks[index] ?? 0) / sum) * load <= 1 / TENANTS);
  const waitsOf = (those: readonly SimulatedTenant[]) => {
    const sorted = those.flatMap(({ id }) => waitsMs.get(id) ?? []).toSorted((a, b) => a - b);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(sorted, share));
    return { p50: p50 ?? NaN, p95: p95 ?? NaN, p99: p99 ?? NaN };
  };
  const through = [...(backlogged.at(-1) ?? [])].map((id) => windows.at(-1)?.get(id) ?? 0);
  return {
    load,
    modestWaitsMs: waitsOf(modest),
    allWaitsMs: waitsOf(tenants),
    jain: through.length < 10 ? null : jainIndex(through),
    picks,
    microsPerTask: (1_000 * queueMs) / picks,
  };
}
