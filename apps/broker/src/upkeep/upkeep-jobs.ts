/**
 * Scheduled jobs: work that keeps the database small or a page fast, and that may be late, run twice
 * or fail without making an answer wrong. What keeps tasks, money or callbacks moving is not here but
 * in the housekeeper, which works while Redis is unavailable.
 */
import { failOverdueDeliveries, purgeDeliveries } from '@runfleet/callbacks';
import type { Db } from '@runfleet/db';
import { listExportJobs } from '@runfleet/exports';
import type { ExportJobs } from '@runfleet/queue';
import {
  foldEndedTasks,
  makeEventPartitions,
  purgeGoneWorkers,
  purgeIdempotencyKeys,
  purgeLimitCounts,
} from '@runfleet/tasks';

export type UpkeepContext = {
  /** A pool of its own, so that a job that hangs takes no connection from tasks. */
  db: Db;
  /** Aborts when the run is past its limit, and when the broker stops. */
  signal: AbortSignal;
  exportJobs: ExportJobs;
  settings: UpkeepSettings;
};

export type UpkeepSettings = { callbackLogDays: number };

export type UpkeepJob = {
  everySeconds: number;
  /** A run that takes longer has failed. */
  limitSeconds: number;
  /** Runs again at once while it changes something, within its limit. */
  repeats: boolean;
  /** Returns how many rows or objects it changed. It may run twice at once. */
  run: (ctx: UpkeepContext) => Promise<number>;
};

/** Removing a line removes the job's schedule from Redis; changing it changes the schedule. */
export const UPKEEP_JOBS: Readonly<Record<string, UpkeepJob>> = {
  'event-partitions': {
    everySeconds: 10,
    limitSeconds: 60,
    repeats: false,
    run: makeEventPartitions,
  },
  'idempotency-keys': {
    everySeconds: 10,
    limitSeconds: 30,
    repeats: true,
    run: purgeIdempotencyKeys,
  },
  'model-statistics': { everySeconds: 60, limitSeconds: 300, repeats: false, run: foldEndedTasks },
  'gone-workers': { everySeconds: 60, limitSeconds: 60, repeats: true, run: purgeGoneWorkers },
  'limit-counts': { everySeconds: 60, limitSeconds: 60, repeats: true, run: purgeLimitCounts },
  'overdue-callbacks': {
    everySeconds: 60,
    limitSeconds: 60,
    repeats: true,
    run: failOverdueDeliveries,
  },
  'old-callbacks': {
    everySeconds: 60,
    limitSeconds: 60,
    repeats: true,
    run: (ctx) => purgeDeliveries(ctx, ctx.settings.callbackLogDays),
  },
  'export-jobs': { everySeconds: 10, limitSeconds: 30, repeats: false, run: addExportJobs },
};

async function addExportJobs({ exportJobs, ...ctx }: UpkeepContext): Promise<number> {
  const jobs = await listExportJobs(ctx);
  await exportJobs.add(jobs);
  return jobs.length;
}
