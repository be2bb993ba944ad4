import { setImmediate } from 'node:timers/promises';

/** How long the event loop may wait for one turn; a step takes a millisecond or two more. */
const TURN_MS = 2;

/** The result of work that stops now and then, without stopping. */
export function runAtOnce<R>(work: Generator<undefined, R>): R {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** The same, but everything else gets its turn every few milliseconds. */
export async function runInTurns<R>(work: Generator<undefined, R>): Promise<R> {
  for (;;) {
    const startedAt = performance.now();
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() - startedAt < TURN_MS);
    await setImmediate();
  }
}
