import {
  FAILURE_STATUS,
  INITIAL_STATUS,
  OUTCOMES,
  TASK_LIFE,
  TASK_STATUSES,
} from '@runfleet/protocol';
import { REPAIRS } from '@runfleet/tasks';

import { INCIDENTS } from './chaos.ts';

/** The statuses that a task has between two commits; it enters and leaves the others within one commit. */
const RESTS = ['task_queue', 'task_assign', 'task_preprocess_start', 'task_start'] as const;

/** Every status change that a commit can make: to the next status, or to an early end or the queue. */
function moves(): string[] {
  const road = TASK_STATUSES.flatMap((from) => {
    const { next } = TASK_LIFE[from];
    return next === null ? [] : [[from, next]];
  });
  const exits = RESTS.flatMap((from) =>
    (['task_cancel', FAILURE_STATUS, INITIAL_STATUS] as const)
      .filter((to) => to !== from && to !== TASK_LIFE[from].next)
      .map((to) => [from, to]),
  );
  return [...road, ...exits].map(([from, to]) => `move: ${from} > ${to}`);
}

/** What must have happened at least once in a run of many lives. */
export const EXPECTED_COUNTS: readonly string[] = [
  ...moves(),
  ...Object.keys(OUTCOMES).map((outcome) => `outcome: ${outcome}`),
  ...INCIDENTS.map((incident) => `fault: ${incident}`),
  ...['postgres', 'redis'].flatMap((server) => [
    `fault: ${server} request lost`,
    `fault: ${server} answer lost`,
    `fault: ${server} slow`,
  ]),
  ...['offer', 'release', 'withdraw', 'wake', 'notice', 'ticket'].flatMap((message) => [
    `fault: ${message} lost`,
    `fault: ${message} duplicated`,
  ]),
  'fault: ticket late',
  'fault: old ticket again',
  'fault: ticket redelivered',
  'fault: http answer lost',
  'fault: input killed its worker',
  ...REPAIRS.map((name) => `reconciler: ${name}`),
  'reconciler: index rebuilt',
  'reconciler: queued-but-not-indexed',
  'reconciler: leaked-concurrency',
  'worker: ready > lost',
  'worker: ready > draining',
  'worker: draining > stopped',
  'worker: ready > quarantined',
  'worker: quarantined > ready',
  'caller: ends a task',
  'caller: repeats a Run',
  'caller: refused, concurrency_limit',
  'caller: refused, insufficient_balance',
  'caller: refused, idempotency_mismatch',
  'caller: refused, spend_limit',
  'caller: refused, active_limit',
];
