import type { SimProcess } from '../kernel/sim-process.ts';
import type { Stop, StopKind } from '../kernel/stop.ts';
import { requireAway } from './require-away.ts';

const FIRST_RETRY_MS = 50;
const RETRY_MS_MAX = 1_000;

/** Repeats a write until it is answered, as workers do; rejects once the run stops. */
export async function untilAnswered<R>(
  process: SimProcess,
  write: () => Promise<R>,
  stop: Stop | null = null,
  except?: StopKind,
): Promise<R> {
  for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_MS_MAX)) {
    try {
      return await write();
    } catch (error) {
      requireAway(error);
      const pause = process.sleep(pauseMs);
      await (stop ? stop.unlessStopped(pause, except) : pause);
    }
  }
}
