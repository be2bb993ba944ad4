import { RunfleetApiError, RunfleetConnectionError } from '@runfleet/client';
import { rawOf, type TaskFrame } from '@runfleet/protocol';

import type { Key } from '../e2e/fleet.ts';
import type { ChaosFleet } from './chaos-fleet.ts';
import { ROLE_COUNTS } from './faults.ts';
import type { SeenCopy, SeenFrame } from './seen.ts';

/** How somebody follows a task. */
export type Watching = {
  mode: SeenCopy['mode'];
  /** Goes away after so many frames. */
  leavesAfter: number;
  /** Resumes then, at another gateway. */
  comesBack: boolean;
};

const GATEWAYS = ROLE_COUNTS.gateway;

/** Follows a task into `copy` until it has ended, from gateway to gateway, wherever the last one left off. */
export async function watchTask(
  fleet: ChaosFleet,
  task: { tenant: Key; token: string },
  { mode, leavesAfter, comesBack }: Watching,
  copy: SeenCopy,
  signal: AbortSignal,
): Promise<void> {
  let hasLeft = false;
  for (let gateway = 0; !copy.isWhole && !signal.aborted; gateway += 1) {
    const client = fleet.client({ tenant: task.tenant, gateway: (gateway % GATEWAYS) + 1 });
    const after = copy.frames.at(-1)?.seq ?? 0;
    const billing = mode === 'delta';
    try {
      for await (const frame of client.follow(task.token, { mode, after, billing, signal })) {
        copy.frames.push(seenFrame(frame));
        copy.isWhole = frame.type === 'task_postprocess_end' || frame.type === 'task_cancel';
        if (hasLeft || copy.frames.length < leavesAfter) continue;
        hasLeft = true;
        break;
      }
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof RunfleetConnectionError) continue;
      if (!(error instanceof RunfleetApiError)) throw error;
      copy.failure = `was refused: ${error.message}`;
      return;
    }
    if (hasLeft && !comesBack) return;
  }
  if (!copy.isWhole)
    copy.failure = `was not told of the end in time, after ${copy.frames.length} frames`;
}

function seenFrame(frame: TaskFrame): SeenFrame {
  const { seq = NaN, epoch = NaN, type } = frame;
  return { seq, epoch, type, text: rawOf(frame) };
}
