import type { QueuePlace } from '@runfleet/protocol';
import type { BlockedReason, QueuePosition, TaskRow } from '@runfleet/tasks';

/** The position of a queued task, as Task/Detail answers it. */
export function queueWire(task: TaskRow, position: QueuePosition): QueuePlace {
  const { tasksAhead, waitSeconds, pauseSeconds, blocked } = position;
  return {
    place: tasksAhead === null ? null : tasksAhead + 1,
    ahead: tasksAhead,
    waitSeconds: tenths(waitSeconds),
    pauseSeconds: tenths(pauseSeconds),
    blocked: blocked && { reason: blocked, message: BLOCKED[blocked](task) },
  };
}

const BLOCKED = {
  'no-worker': () =>
    'No worker on duty takes this model. Stop the task, or ask the operator for a worker that serves it.',
  'no-worker-with-labels': ({ requires }) =>
    `No worker on duty that takes this model carries ${requires.join(', ')}.`,
} as const satisfies Record<BlockedReason, (task: TaskRow) => string>;

function tenths(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 10) / 10;
}
