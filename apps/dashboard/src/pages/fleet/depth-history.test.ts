import type { Fleet, FleetWorker } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { addSample, HISTORY_MS, pathOf, runningIn, waitingIn } from './depth-history.ts';

const worker = (state: string, used: number): FleetWorker => ({
  id: state,
  host: 'h',
  pools: ['p'],
  labels: [],
  loaded: {},
  memoryBytes: null,
  strikes: 0,
  quarantinePulses: null,
  state,
  slots: 4,
  used,
  renewedAt: '0',
  startedAt: '0',
  device: { engine: 'echo', model: 'm', provider: 'cpu', device: 'CPU', version: '1' },
});
const fleet: Fleet = {
  now: '0',
  queued: [
    { pool: 'a', count: 2, oldestQueuedAt: '0' },
    { pool: 'b', count: 3, oldestQueuedAt: '0' },
  ],
  workers: [worker('ready', 3), worker('quarantined', 1), worker('lost', 4)],
  running: [],
  standings: {},
  spentTodayUsd: '0',
  finishedToday: 0,
  failedToday: 0,
};

test('waiting counts every pool, running counts only online workers', () => {
  expect(waitingIn(fleet)).toBe(5);
  expect(runningIn(fleet)).toBe(4);
});

test('the history drops samples older than its window', () => {
  const first = addSample([], fleet, 1000);
  expect(addSample(first, fleet, 1000 + HISTORY_MS)).toHaveLength(1);
  expect(addSample(first, fleet, HISTORY_MS)).toHaveLength(2);
});

test('a pause in polling is a gap in the line', () => {
  const at = (atMs: number) => ({ atMs, waiting: 1, running: 0 });
  const box = { width: 100, height: 10, fromMs: 0, toMs: 100_000, top: 2 };
  expect(pathOf([at(0), at(1500), at(50_000)], (sample) => sample.waiting, box)).toBe(
    'M0.0 5.0L1.5 5.0M50.0 5.0',
  );
});
