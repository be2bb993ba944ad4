import type { Db } from '@runfleet/db';
import type { TaskQueue } from '@runfleet/queue';
import { laneOf } from '@runfleet/scheduler';

import { readPace } from './read-pace.ts';
import type { TaskRow } from './read-task.ts';

/** Why no worker can run a task now: no worker on duty takes its model, or none with the labels it requires. */
export type BlockedReason = 'no-worker' | 'no-worker-with-labels';

export type QueuePosition = {
  /** Tasks of the same line that go before it; null where the queue does not know it at the moment. */
  tasksAhead: number | null;
  /** Estimated seconds until it gets a slot, by fair order and past runs; null where unknown. */
  waitSeconds: number | null;
  blocked: BlockedReason | null;
  /** Seconds of the pause before its next try; null where it is not in one. */
  pauseSeconds: number | null;
};

/**
 * Where a task stands that is in the queue; null for any other. An estimate is of the moment: others
 * of higher priority may come, workers may come and go.
 */
export async function readQueuePosition(
  ctx: { db: Db; queue: TaskQueue },
  task: TaskRow,
): Promise<QueuePosition | null> {
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
 * than its limit. Where none is free that the tenant may use, the first one takes about half a run more.
 */
export function estimateWaitMs(seen: {
  ownWorkMs: number;
  othersWorkMs: number;
  expectedMs: number;
  slots: number;
  free: number;
  runningLimit: number | null;
  ownRunning: number;
}): number {
  const { ownWorkMs, othersWorkMs, expectedMs, slots, free, ownRunning } = seen;
  const runningLimit = Math.max(1, seen.runningLimit ?? Infinity);
  const ownSlots = Math.min(slots, runningLimit);
  const flow = Math.max((ownWorkMs + othersWorkMs) / slots, ownWorkMs / ownSlots);
  if (ownRunning >= runningLimit) return flow + expectedMs / 2 / ownSlots;
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
      ownRunning: number;
      pauseSeconds: number | null;
    }[]
  >`
    select count(w.id)::int as workers,
      (count(w.id) filter (where w.labels @> ${task.requires}))::int as able,
      coalesce(sum(w.slots) filter (where w.labels @> ${task.requires}), 0)::int as slots,
      coalesce(sum(w.slots - w.used) filter (where w.labels @> ${task.requires}), 0)::int
        as free,
      o.running_limit as "runningLimit",
      -- Counted where it matters: a limit holds in each lane of a pool.
      case when o.running_limit is null then 0 else (select count(*) from tasks t
        where t.worker_id is not null and t.organisation_id = o.id and t.pool = ${task.pool}
          and t.requires = ${task.requires}) end::int as "ownRunning",
      (select extract(epoch from not_before - clock_timestamp())::float8 from tasks
        where id = ${task.id} and not_before > clock_timestamp()) as "pauseSeconds"
    from organisations o left join workers w on w.state = 'ready' and ${task.pool} = any(w.pools)
    where o.id = ${task.organisationId} group by o.id`;
  if (!row) throw new Error(`Organisation ${task.organisationId} is gone.`);
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
