import { setTimeout as delay } from 'node:timers/promises';

export type ClosedLoop = {
  /** Completed calls per second, without those that ended after the time was up. */
  perSecond: number;
  latenciesMs: number[];
};

/** `users` call `once` repeatedly for `seconds`, and the last calls are awaited. */
export async function closedLoop(
  load: { users: number; seconds: number },
  once: (user: number) => Promise<unknown>,
): Promise<ClosedLoop> {
  const users = startUsers(load.users, once);
  await delay(load.seconds * 1_000);
  const inTime = users.latenciesMs.length;
  await users.stop();
  return { perSecond: inTime / load.seconds, latenciesMs: users.latenciesMs };
}

/** Users call `once` until they are stopped. A failed call stops all of them, and `stop` rejects. */
export function startUsers(
  count: number,
  once: (user: number) => Promise<unknown>,
): { latenciesMs: number[]; stop(): Promise<void> } {
  const latenciesMs: number[] = [];
  let isStopped = false;
  const all = Promise.all(
    Array.from({ length: count }, async (_, user) => {
      while (!isStopped) {
        const beganAt = performance.now();
        await once(user);
        latenciesMs.push(performance.now() - beganAt);
      }
    }),
  );
  // `stop` rejects with the error; until then it must not be an unhandled rejection.
  all.catch(() => (isStopped = true));
  return {
    latenciesMs,
    async stop() {
      isStopped = true;
      await all;
    },
  };
}
