import { seededRandom } from '@runfleet/scheduler/testing';

import { jainOfWindows } from '../../scale/fair-shares.ts';
import { lightTenantWaits } from '../../scale/light-tenant.ts';
import { simulateFleet } from '../../scale/simulate-fleet.ts';
import { backloggedTenants } from '../../scale/tenants.ts';
import { percentile } from '../load/statistics.ts';

export type FairnessStatistics = {
  /** Jain's index of slot-time / weight in the worst 60 s window, with 1,000 tenants and 2,000 slots. */
  jain: number;
  /** p95 wait of a light tenant, before and after another tenant queued 1,000,000 tasks. */
  lightP95Ms: { before: number; after: number };
};

const TENANTS = 1_000;
const SLOTS = 2_000;
const HEAVY_TASKS = 1_000_000;

/** The fairness of the order alone: the scheduler in a simulated fleet. Deterministic. */
export function measureFairness(): FairnessStatistics {
  const tenants = backloggedTenants(TENANTS, seededRandom(1));
  const simulated = simulateFleet({ tenants, slots: SLOTS, forMs: 180_000, windowMs: 60_000 });
  const weights = new Map(tenants.map(({ id, weight }) => [id, weight]));
  const [before, after] = [0, HEAVY_TASKS].map((tasks) =>
    percentile(lightTenantWaits(tasks), 0.95),
  );
  return {
    jain: Math.min(...jainOfWindows(simulated, weights)),
    lightP95Ms: { before: before ?? NaN, after: after ?? NaN },
  };
}
