/** Tenants for the simulations, the same for the same random numbers. */
import type { SimulatedTenant } from './simulate-fleet.ts';

/** A run length about a mean: log-normal, so that one in forty takes 2.4 times as long or longer. */
export function runAbout(meanMs: number, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return meanMs * Math.exp(0.5 * normal - 0.125);
}

/** Time between two of so many per second that come independently of one another. */
export function poissonMs(perSecond: number, random: () => number): number {
  return (-1_000 / perSecond) * Math.log(1 - random());
}

export const never = (): number => Number.POSITIVE_INFINITY;

/**
 * Tenants that always wait: some with a hundred times the backlog of others, weights 1 to 3, mean
 * runs of 1 to 10 s. Nobody knows beforehand how long a tenant's runs are: all are expected alike.
 */
export function backloggedTenants(count: number, random: () => number): SimulatedTenant[] {
  return Array.from({ length: count }, (_, index) => {
    const meanMs = 1_000 * 10 ** random();
    return {
      id: String(index + 1),
      weight: 1 + (index % 3),
      backlog: Math.ceil(4 * 100 ** random()),
      isRefilled: true,
      betweenMs: never,
      runMs: () => runAbout(meanMs, random),
      expectedMs: 4_000,
    };
  });
}
