import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { machineCpuMicros } from './cpu-time.ts';

const POLL_MS = 1_500;
const BUSY_SHARE_MAX = 0.08;

/** Waits until the machine is almost idle, at most `waitMs`. Resolves to the ms waited. */
export async function untilQuiet(waitMs: number): Promise<number> {
  const beganAt = performance.now();
  const waited = () => performance.now() - beganAt;
  while (waited() < waitMs) {
    const [micros, since] = [machineCpuMicros(), waited()];
    await delay(POLL_MS);
    const share = (machineCpuMicros() - micros) / ((waited() - since) * 1_000 * cpus().length);
    if (share <= BUSY_SHARE_MAX) break;
  }
  return waited();
}
