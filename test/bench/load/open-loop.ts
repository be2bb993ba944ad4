import { setTimeout as delay } from 'node:timers/promises';

export type OpenLoop = { achievedPerSecond: number; latenciesMs: number[] };

/**
 * Calls `once` at a fixed rate, whatever the answers do. Latencies count from when a call was due,
 * so that a call that had to wait for the generator is not made to look fast; a timer of Node adds
 * up to 1 ms to each.
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
    if (early > 0) await delay(early);
    calls.push(
      once().then(
        () => void latenciesMs.push(performance.now() - dueAt),
        (error: unknown) => void failures.push(error),
      ),
    );
  }
  await Promise.all(calls);
  if (failures.length > 0) throw failures[0];
  const seconds = (performance.now() - startedAt) / 1_000;
  return { achievedPerSecond: count / Math.max(seconds, load.seconds), latenciesMs };
}
