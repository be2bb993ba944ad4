import { RunfleetApiError, RunfleetConnectionError } from '@runfleet/client';
import { rawOf, type TaskFrame } from '@runfleet/protocol';

import type { Key } from '../e2e/fleet.ts';
import type { ChaosFleet } from './chaos-fleet.ts';
import { ROLE_COUNTS } from './faults.ts';
import type { ObservedCopy, ObservedFrame } from './observations.ts';

/** How a client follows a task. */
export type FollowPlan = {
  mode: ObservedCopy['mode'];
  /** Disconnects after this many frames. */
  disconnectsAfter: number;
  /** Then resumes at another gateway. */
  reconnects: boolean;
};

const GATEWAYS = ROLE_COUNTS.gateway;

/** Follows a task into `copy` until it has ended. Each gateway resumes where the previous one stopped. */
export async function followTask(
  fleet: ChaosFleet,
  task: { tenant: Key; token: string },
  { mode, disconnectsAfter, reconnects }: FollowPlan,
  copy: ObservedCopy,
  signal: AbortSignal,
): Promise<void> {
  let hasDisconnected = false;
  for (let gateway = 0; !copy.isWhole && !signal.aborted; gateway += 1) {
    const client = fleet.client({ tenant: task.tenant, gateway: (gateway % GATEWAYS) + 1 });
    const after = copy.frames.at(-1)?.seq ?? 0;
    const billing = mode === 'delta';
    try {
      for await (const frame of client.follow(task.token, { mode, after, billing, signal })) {
        copy.frames.push(observe(frame));
        copy.isWhole = frame.type === 'task_postprocess_end' || frame.type === 'task_cancel';
        if (hasDisconnected || copy.frames.length < disconnectsAfter) continue;
        hasDisconnected = true;
        break;
      }
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof RunfleetConnectionError) continue;
      if (!(error instanceof RunfleetApiError)) throw error;
      copy.failure = `was refused: ${error.message}`;
      return;
    }
    if (hasDisconnected && !reconnects) return;
  }
  if (!copy.isWhole)
    copy.failure = `did not receive the end in time, after ${copy.frames.length} frames`;
}

function observe(frame: TaskFrame): ObservedFrame {
  const { seq = NaN, epoch = NaN, type } = frame;
  return { seq, epoch, type, text: rawOf(frame) };
}
