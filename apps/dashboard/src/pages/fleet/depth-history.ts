/** The queue's depth since the page was opened, for the chart. */
import type { Fleet, FleetWorker } from '@runfleet/protocol';

export type DepthSample = { atMs: number; waiting: number; running: number };

export const HISTORY_MS = 10 * 60 * 1000;

/** A longer pause between samples is drawn as a gap, because the depth was not read. */
const GAP_MS = 6000;

export function addSample(
  history: readonly DepthSample[],
  fleet: Fleet,
  atMs: number,
): readonly DepthSample[] {
  const sample = { atMs, waiting: waitingIn(fleet), running: runningIn(fleet) };
  return [...history.filter((old) => old.atMs > atMs - HISTORY_MS), sample];
}

export function waitingIn(fleet: Fleet): number {
  return fleet.queued.reduce((sum, { count }) => sum + count, 0);
}

/** Slots that tasks occupy on online workers. */
export function runningIn(fleet: Fleet): number {
  return fleet.workers.filter(isOnline).reduce((sum, { used }) => sum + used, 0);
}

/** Whether a worker still renews its lease, in any state. */
export function isOnline({ state }: FleetWorker): boolean {
  return state !== 'lost' && state !== 'stopped';
}

/** The SVG path of one series in a box of `width` x `height`, with a gap where polling paused. */
export function pathOf(
  history: readonly DepthSample[],
  valueOf: (sample: DepthSample) => number,
  box: { width: number; height: number; fromMs: number; toMs: number; top: number },
): string {
  const x = (atMs: number) => ((atMs - box.fromMs) / (box.toMs - box.fromMs)) * box.width;
  const y = (value: number) => box.height - (value / box.top) * box.height;
  return history
    .map((sample, index) => {
      const before = history[index - 1];
      const isBroken = before === undefined || sample.atMs - before.atMs > GAP_MS;
      const command = isBroken ? 'M' : 'L';
      return `${command}${x(sample.atMs).toFixed(1)} ${y(valueOf(sample)).toFixed(1)}`;
    })
    .join('');
}
