import { seededRandom } from '@runfleet/scheduler/testing';
import { expect, test } from 'vitest';

import { percentile } from '../bench/load/statistics.ts';
import { jainIndex, jainOfWindows } from './fair-shares.ts';
import { lightTenantWaits } from './light-tenant.ts';
import { simulateFleet } from './simulate-fleet.ts';
import { backloggedTenants, poissonMs, runAbout } from './tenants.ts';

const WINDOW_MS = 60_000;

test('a thousand backlogged tenants get slot-time by weight: Jain index 0.99 in each minute', () => {
  const tenants = backloggedTenants(1_000, seededRandom(1));
  const simulated = simulateFleet({
    tenants,
    slots: 2_000,
    forMs: 2 * WINDOW_MS,
    windowMs: WINDOW_MS,
  });
  expect(simulated.backlogged.map((through) => through.size)).toEqual([1_000, 1_000]);
  const weights = new Map(tenants.map(({ id, weight }) => [id, weight]));
  expect(Math.min(...jainOfWindows(simulated, weights))).toBeGreaterThanOrEqual(0.99);
  // The index can fail: without the weights the same shares are far from equal.
  expect(Math.max(...jainOfWindows(simulated, new Map()))).toBeLessThan(0.9);
}, 120_000);

test('a million tasks of another tenant less than double the p95 wait of a light one', () => {
  const [before, after] = [0, 1_000_000].map((tasks) => percentile(lightTenantWaits(tasks), 0.95));
  expect(before).toBeGreaterThan(0);
  expect(after).toBeLessThan(2 * (before ?? NaN));
}, 120_000);

test("Jain's index is 1 if all are equal, and 1/n if one has everything", () => {
  expect(jainIndex([3, 3, 3])).toBe(1);
  expect(jainIndex([0, 0, 0, 5])).toBe(0.25);
});

test('a simulated fleet uses no more than its slots, and leaves none idle while tasks are queued', () => {
  const random = seededRandom(4);
  const simulate = (perSecond: number) =>
    simulateFleet({
      slots: 10,
      forMs: 10 * WINDOW_MS,
      windowMs: WINDOW_MS,
      tenants: ['a', 'b'].map((id) => ({
        id,
        weight: 1,
        backlog: 0,
        isRefilled: false,
        betweenMs: () => poissonMs(perSecond, random),
        runMs: () => runAbout(1_000, random),
        expectedMs: 1_000,
      })),
    });
  const usedOf = (windows: Map<string, number>[]) =>
    windows.map((had) => [...had.values()].reduce((sum, ms) => sum + ms, 0));
  // Twice the capacity of ten slots, and a twentieth of that load.
  const over = simulate(10);
  expect(Math.max(...usedOf(over.windows))).toBeLessThanOrEqual(10 * WINDOW_MS + 1e-3);
  expect(Math.min(...usedOf(over.windows).slice(1))).toBeGreaterThan(9.99 * WINDOW_MS);
  expect(over.backlogged.at(-1)?.size).toBe(2);
  const under = simulate(0.5);
  expect(Math.max(...[...under.waitsMs.values()].flat())).toBeLessThan(1_000);
  expect(under.backlogged.at(-1)?.size).toBe(0);
});
