import { setImmediate } from 'node:timers/promises';

/** How long one turn may block the event loop; a step takes a millisecond or two more. */
const TURN_MS = 2;

/** The result of a generator, without pauses. */
export function runAtOnce<R>(work: Generator<undefined, R>): R {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** The result of a generator that lets the event loop run every few milliseconds. */
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
