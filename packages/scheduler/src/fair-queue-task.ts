/** A task as fair order sees it, and what is made of numbers out of bounds. */

/** A head start is bounded, so that priority never starves who has none. */
export const PRIORITY_SECONDS_MAX = 600;
/** Eleven days of one slot. */
export const COST_MS_MAX = 1_000_000_000;
/**
 * Tags are exact up to 2^53. A pool of 10,000 slots that never rests gets there in a hundred days where
 * only tenants of the least weight wait, and in ten thousand days at weight 1.
 */
export const WEIGHT_MIN = 0.01;
export const WEIGHT_MAX = 100;

/**
 * Named keys of a tenant that are remembered though nothing of theirs is queued. One that is forgotten
 * begins again at the clock; without a bound a busy tenant with a new user per task fills the memory.
 */
export const KEYS_AT_REST_MAX = 1_000;

/** What names a task in a fair queue. */
export type TaskInLine = {
  organisationId: string;
  taskId: string;
  /** Whom of the tenant's own users it is for: they share the tenant's turns fairly. '' = nobody in particular. */
  fairnessKey: string;
};

/** What a tenant gets of a pool. */
export type Share = {
  organisationId: string;
  /** Relative to other tenants'. */
  weight: number;
  /** Tasks of the tenant that may run at once; null = no limit. */
  runningLimit: number | null;
};

/** The share of the newest task holds for its tenant, until `setShare` says otherwise. */
export type FairTask = TaskInLine &
  Share & {
    /** Seconds of head start in its line. */
    priority: number;
    /** Expected slot-milliseconds. */
    cost: number;
    /** When it was queued, in epoch ms. */
    queuedAt: number;
  };

/** The task with every number whole where it has to be, and the nearest within its bounds. */
export function boundFairTask(task: FairTask): FairTask {
  return {
    taskId: task.taskId,
    fairnessKey: task.fairnessKey,
    priority: whole(task.priority, 0, PRIORITY_SECONDS_MAX),
    cost: whole(task.cost, 1, COST_MS_MAX),
    queuedAt: Math.floor(task.queuedAt),
    ...boundShare(task),
  };
}

/** As `boundFairTask`. */
export function boundShare({ organisationId, weight, runningLimit }: Share): Share {
  return {
    organisationId,
    weight: Math.min(Math.max(weight, WEIGHT_MIN), WEIGHT_MAX),
    runningLimit: runningLimit === null ? null : whole(runningLimit, 0, Number.MAX_SAFE_INTEGER),
  };
}

/** Slot-milliseconds that a task used, as they are charged. */
export function boundUsedMs(usedMs: number): number {
  return whole(usedMs, 0, COST_MS_MAX);
}

/** Where a task stands in its line, in ms: by the time of queueing, less its head start. */
export function lineOrder({ queuedAt, priority }: FairTask): number {
  return queuedAt - priority * 1_000;
}

function whole(value: number, min: number, max: number): number {
  return Math.min(Math.max(Math.round(value), min), max);
}
