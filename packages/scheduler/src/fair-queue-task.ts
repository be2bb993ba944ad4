/** A task as the fair queue sees it, and the bounds of its numbers. */

/** A head start is bounded, so that priority never starves tasks without one. */
export const PRIORITY_SECONDS_MAX = 600;
/** Eleven days of one slot. */
export const COST_MS_MAX = 1_000_000_000;
/**
 * Tags are exact up to 2^53. A pool of 10,000 slots that is never at rest reaches that after a
 * hundred days if only tenants of the least weight wait, and after ten thousand days at weight 1.
 */
export const WEIGHT_MIN = 0.01;
export const WEIGHT_MAX = 100;

/**
 * The most named keys of a tenant that are remembered while they have no queued tasks. A forgotten
 * key starts again at the clock. Without this bound, a busy tenant with a new user per task fills
 * the memory.
 */
export const KEYS_AT_REST_MAX = 1_000;

/** Identifies a task in a fair queue. */
export type TaskInLine = {
  organisationId: string;
  taskId: string;
  /** Names the end user, '' if none is given: a tenant's end users share its turns fairly. */
  fairnessKey: string;
};

/** A tenant's share of a pool. */
export type Share = {
  organisationId: string;
  /** Relative to the weights of other tenants. */
  weight: number;
  /** Tasks of the tenant that may run at once; null = no limit. */
  runningLimit: number | null;
};

/** The share of the newest task applies to its tenant, until `setShare` changes it. */
export type FairTask = TaskInLine &
  Share & {
    /** Seconds of head start in its line. */
    priority: number;
    /** Expected slot-milliseconds. */
    cost: number;
    /** When it was queued, in epoch ms. */
    queuedAt: number;
  };

/** Rounds the numbers that must be whole, and clamps every number to its bounds. */
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

/** Like `boundFairTask`, for a share. */
export function boundShare({ organisationId, weight, runningLimit }: Share): Share {
  return {
    organisationId,
    weight: Math.min(Math.max(weight, WEIGHT_MIN), WEIGHT_MAX),
    runningLimit: runningLimit === null ? null : whole(runningLimit, 0, Number.MAX_SAFE_INTEGER),
  };
}

/** Rounds and clamps the slot-milliseconds that are charged. */
export function boundUsedMs(usedMs: number): number {
  return whole(usedMs, 0, COST_MS_MAX);
}

/** The sort key of a task in its line, in ms: the time of queueing minus the head start. */
export function lineOrder({ queuedAt, priority }: FairTask): number {
  return queuedAt - priority * 1_000;
}

function whole(value: number, min: number, max: number): number {
  return Math.min(Math.max(Math.round(value), min), max);
}
