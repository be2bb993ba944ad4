import { setTimeout as delay } from 'node:timers/promises';

import type { RunClient } from '../load/run-client.ts';
import type { RunningSystem } from '../systems/system.ts';

const DRAIN_MS_MAX = 30_000;

/** Accepted tasks that have not succeeded in Postgres within 30 s. */
export async function countLost(running: RunningSystem, client: RunClient): Promise<number> {
  const deadline = performance.now() + DRAIN_MS_MAX;
  for (;;) {
    const { finished } = await running.tasks.count();
    if (finished >= client.accepted || performance.now() > deadline) {
      return client.accepted - finished;
    }
    await delay(50);
  }
}
