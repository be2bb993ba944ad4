import { setTimeout as delay } from 'node:timers/promises';

export type ClosedLoop = {
  /** Ends of `once` per second, those after the time was up left out. */
  perSecond: number;
  latenciesMs: number[];
};

/** `users` call `once` again and again for `seconds`; calls that have begun are waited for. */
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

/** Users who go on until they are stopped. A failed call ends them all, and `stop` rejects. */
export function startUsers(
  count: number,
  once: (user: number) => Promise<unknown>,
): { latenciesMs: number[]; stop(): Promise<void> } {
  const latenciesMs: number[] = [];
  let isStopped = false;
  const all = Promise.all(
    Array.from({ length: count }, async (_, user) => {
      while (!isStopped) {
        const begunAt = performance.now();
        await once(user);
        latenciesMs.push(performance.now() - begunAt);
      }
    }),
  );
  // Told by `stop`; until then nobody waits for it.
  all.catch(() => (isStopped = true));
  return {
    latenciesMs,
    async stop() {
      isStopped = true;
      await all;
    },
  };
}
