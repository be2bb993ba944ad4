/** Tenants for the simulations, determined by the random numbers. */
import type { SimulatedTenant } from './simulate-fleet.ts';

/** A log-normal run time with the given mean; one in forty is 2.4 times as long or longer. */
export function runAbout(meanMs: number, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return meanMs * Math.exp(0.5 * normal - 0.125);
}

/** Time between two independent arrivals at a mean rate of `perSecond`. */
export function poissonMs(perSecond: number, random: () => number): number {
  return (-1_000 / perSecond) * Math.log(1 - random());
}

export const never = (): number => Number.POSITIVE_INFINITY;

/**
 * Tenants that always have queued tasks: backlogs differ up to a hundredfold, weights are 1 to 3, mean runs
 * take 1 to 10 s. Run times are not known in advance: every run is expected to take 4 s.
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
