import type { Db } from '@runfleet/db';
import type { TaskQueue } from '@runfleet/queue';
import { laneOf } from '@runfleet/scheduler';

import { readPace } from './read-pace.ts';
import type { TaskRow } from './read-task.ts';

/** Why nobody can run a task now: no worker on duty takes its model, or none with the labels it requires. */
export type BlockedReason = 'no-worker' | 'no-worker-with-labels';

export type QueueInfo = {
  /** Tasks of the same line that go before it; null where the queue does not know it at the moment. */
  tasksAhead: number | null;
  /** Until a slot is free for it, as fair order and past runs let expect; null where nobody can tell. */
  waitSeconds: number | null;
  blocked: BlockedReason | null;
  /** Seconds of the pause before its next try; null where it is not in one. */
  pauseSeconds: number | null;
};

/**
 * Where a task stands that is in the queue; null for any other. An estimate is of the moment: others
 * of higher priority may come, workers may come and go.
 */
export async function readQueueInfo(
  ctx: { db: Db; queue: TaskQueue },
  task: TaskRow,
): Promise<QueueInfo | null> {
  if (task.status !== 'task_queue') return null;
  const [fleet, place, pace] = await Promise.all([
    readSlots(ctx, task),
    readPlace(ctx, task),
    readPace(ctx, task.pool),
  ]);
  const blocked =
    fleet.workers === 0 ? 'no-worker' : fleet.able === 0 ? 'no-worker-with-labels' : null;
  const { pauseSeconds } = fleet;
  const waitMs =
    place === null || fleet.slots === 0 || pauseSeconds !== null
      ? null
      : pace * estimateWaitMs({ ...place, ...fleet, expectedMs: task.expectedSeconds * 1_000 });
  return {
    tasksAhead: place?.place ?? null,
    waitSeconds: waitMs === null ? null : waitMs / 1_000,
    blocked,
    pauseSeconds,
  };
}

/**
 * Work that goes before a task flows into all slots that it may use, a tenant's own into no more
 * than its limit. Where none is free, the first one takes about half a run more.
 */
export function estimateWaitMs(seen: {
  ownWorkMs: number;
  othersWorkMs: number;
  expectedMs: number;
  slots: number;
  free: number;
  runningLimit: number | null;
}): number {
  const { ownWorkMs, othersWorkMs, expectedMs, slots, free, runningLimit } = seen;
  const ownSlots = Math.max(1, Math.min(slots, runningLimit ?? slots));
  const flow = Math.max((ownWorkMs + othersWorkMs) / slots, ownWorkMs / ownSlots);
  return flow + (free > 0 ? 0 : expectedMs / 2 / slots);
}

/** Slots that may run the task, of workers on duty. */
async function readSlots(ctx: { db: Db }, task: TaskRow) {
  const [row] = await ctx.db.sql<
    {
      workers: number;
      able: number;
      slots: number;
      free: number;
      runningLimit: number | null;
      pauseSeconds: number | null;
    }[]
  >`
    select count(w.id)::int as workers,
      (count(w.id) filter (where w.labels @> ${task.requires as string[]}))::int as able,
      coalesce(sum(w.slots) filter (where w.labels @> ${task.requires as string[]}), 0)::int as slots,
      coalesce(sum(w.slots - w.used) filter (where w.labels @> ${task.requires as string[]}), 0)::int
        as free,
      (select running_limit from organisations where id = ${task.organisationId}) as "runningLimit",
      (select extract(epoch from not_before - clock_timestamp())::float8 from tasks
        where id = ${task.id} and not_before > clock_timestamp()) as "pauseSeconds"
    from workers w where w.state = 'ready' and ${task.pool} = any(w.pools)`;
  if (!row) throw new Error('A count has one row.');
  return row;
}

/** Null where Redis is away or has not heard of the task. */
async function readPlace(ctx: { queue: TaskQueue }, task: TaskRow) {
  const { organisationId, id: taskId, fairnessKey } = task;
  try {
    const lane = laneOf(task.pool, task.requires);
    const [place] = await ctx.queue.readPlaces(lane, [{ organisationId, taskId, fairnessKey }]);
    return place ?? null;
  } catch {
    // The page says that the place is not known, which is all that is missing.
    return null;
  }
}
