import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { machineCpuMicros } from './cpu-time.ts';

const LOOK_MS = 1_500;
const BUSY_SHARE_MAX = 0.08;

/** Resolves with the ms it waited for the machine to have next to nothing to do, `waitMs` at most. */
export async function untilQuiet(waitMs: number): Promise<number> {
  const begunAt = performance.now();
  const waited = () => performance.now() - begunAt;
  while (waited() < waitMs) {
    const [micros, since] = [machineCpuMicros(), waited()];
    await delay(LOOK_MS);
    const share = (machineCpuMicros() - micros) / ((waited() - since) * 1_000 * cpus().length);
    if (share <= BUSY_SHARE_MAX) break;
  }
  return waited();
}
