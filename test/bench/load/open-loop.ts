import { setTimeout as delay } from 'node:timers/promises';

export type OpenLoop = { achievedPerSecond: number; latenciesMs: number[] };

/** Node's timers end this much late at most when the generator keeps up. */
const TIMER_MS = 2;

/**
 * Calls `once` at a fixed rate, whatever the answers do. A latency counts from when its call was
 * due where the generator fell behind, so that waiting for it does not look fast; else from when it
 * was sent, so that the coarseness of timers is not held against anybody.
 */
export async function openLoop(
  load: { perSecond: number; seconds: number },
  once: () => Promise<unknown>,
): Promise<OpenLoop> {
  const latenciesMs: number[] = [];
  const calls: Promise<void>[] = [];
  const failures: unknown[] = [];
  const startedAt = performance.now() + 10;
  const count = Math.round(load.perSecond * load.seconds);
  for (let index = 0; index < count; index += 1) {
    const dueAt = startedAt + (index * 1_000) / load.perSecond;
    const early = dueAt - performance.now();
    if (early > 0) await delay(Math.ceil(early));
    const sentAt = performance.now();
    const begunAt = sentAt - dueAt < TIMER_MS ? sentAt : dueAt;
    calls.push(
      once().then(
        () => void latenciesMs.push(performance.now() - begunAt),
        (error: unknown) => void failures.push(error),
      ),
    );
  }
  await Promise.all(calls);
  if (failures.length > 0) throw failures[0];
  const seconds = (performance.now() - startedAt) / 1_000;
  return { achievedPerSecond: count / Math.max(seconds, load.seconds), latenciesMs };
}
