import { seededRandom } from '@runfleet/scheduler/testing';

import { simulateFleet } from './simulate-fleet.ts';
import { never, poissonMs, runAbout } from './tenants.ts';

const SLOTS = 200;
const TENANTS = 20;
const LIGHT_PER_SECOND = 2;
const FOR_MS = 600_000;

/**
 * Waits in ms, ascending, of a light tenant that sends 2 tasks of 1 s each second, a fifth of its share. 20
 * tenants keep the pool of 200 slots full, and one more has queued `heavyTasks` tasks.
 */
export function lightTenantWaits(heavyTasks: number): number[] {
  const random = seededRandom(17);
  const common = { weight: 1, expectedMs: 4_000 };
  const others = Array.from({ length: TENANTS }, (_, index) => ({
    ...common,
    id: `other-${index}`,
    backlog: 50,
    isRefilled: true,
    betweenMs: never,
    runMs: () => runAbout(4_000, random),
  }));
  const heavy = {
    ...common,
    id: 'heavy',
    backlog: heavyTasks,
    isRefilled: false,
    betweenMs: never,
    runMs: () => runAbout(4_000, random),
  };
  const light = {
    ...common,
    id: 'light',
    backlog: 0,
    isRefilled: false,
    betweenMs: () => poissonMs(LIGHT_PER_SECOND, random),
    runMs: () => runAbout(1_000, random),
  };
  const tenants = [...others, heavy, light];
  const { waitsMs } = simulateFleet({ tenants, slots: SLOTS, forMs: FOR_MS, windowMs: FOR_MS });
  return (waitsMs.get('light') ?? []).toSorted((one, other) => one - other);
}
