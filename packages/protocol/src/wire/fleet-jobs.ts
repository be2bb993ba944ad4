import { z } from 'zod';

import { decimalId } from './scalars.ts';

const queueSchema = z.strictObject({
  queue: z.string(),
  waiting: z.number().int(),
  delayed: z.number().int(),
  active: z.number().int(),
  failed: z.number().int(),
});

const failedJobSchema = z.strictObject({
  queue: z.string(),
  id: z.string(),
  name: z.string(),
  reason: z.string(),
  attempts: z.number().int(),
  failedAtMs: z.number(),
});

export type FleetFailedJob = z.infer<typeof failedJobSchema>;

/** The last run of a scheduled job. Moments are microseconds since 1970. */
const upkeepRunSchema = z.strictObject({
  name: z.string(),
  state: z.enum(['running', 'succeeded', 'failed', 'timed_out', 'died']),
  attempts: z.number().int(),
  startedAt: decimalId,
  endedAt: decimalId.nullable(),
  /** How many rows the last success changed. */
  changed: z.number(),
  error: z.string(),
  /** Since the last success. */
  failures: z.number().int(),
  succeededAt: decimalId.nullable(),
});

/** `GET /admin/v1/jobs`: the job queues, and the scheduled jobs. */
export const fleetJobsSchema = z.strictObject({
  /** Null while Redis cannot be reached. */
  queues: z.array(queueSchema).nullable(),
  /** The latest of each queue, newest first. */
  failed: z.array(failedJobSchema),
  upkeep: z.array(upkeepRunSchema),
});

export type FleetJobs = z.infer<typeof fleetJobsSchema>;
