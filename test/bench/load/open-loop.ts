import { setTimeout as delay } from 'node:timers/promises';

export type OpenLoop = { achievedPerSecond: number; latenciesMs: number[] };

/** The maximum lateness of Node's timers while the generator keeps up. */
const TIMER_MS = 2;

/**
 * Calls `once` at a fixed rate, independent of the answers. If the generator fell behind, a latency counts
 * from the time the call was due, so that queueing in the generator is included. Otherwise it counts from
 * the time of sending, so that the coarseness of timers is not.
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
    const beganAt = sentAt - dueAt < TIMER_MS ? sentAt : dueAt;
    calls.push(
      once().then(
        () => void latenciesMs.push(performance.now() - beganAt),
        (error: unknown) => void failures.push(error),
      ),
    );
  }
  await Promise.all(calls);
  if (failures.length > 0) throw failures[0];
  const seconds = (performance.now() - startedAt) / 1_000;
  return { achievedPerSecond: count / Math.max(seconds, load.seconds), latenciesMs };
}
