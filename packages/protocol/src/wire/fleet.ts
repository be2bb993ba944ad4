/** What operators read: workers, queues and running tasks. Moments are microseconds since 1970. */
import { z } from 'zod';

import { IDLE_REASONS, type IdleReason } from '../idle-reason.ts';
import { taskStatusSchema } from '../task-status.ts';
import { decimalId, micros, usd } from './scalars.ts';

const count = z.number().int();
const idleReason = z.enum(Object.keys(IDLE_REASONS) as [IdleReason, ...IdleReason[]]);

const workerSchema = z.strictObject({
  id: z.string(),
  host: z.string(),
  /** The pools whose tasks it takes. */
  pools: z.array(z.string()),
  /** As `name=value`. */
  labels: z.array(z.string()),
  /** The models in its memory, by pool. */
  loaded: z.record(
    z.string(),
    z.strictObject({ bytes: z.number(), contextTokens: z.number().exactOptional() }),
  ),
  /** Null where it was not measured. */
  memoryBytes: z.number().nullable(),
  /** Failed attempts in a row that were its own fault. */
  strikes: count,
  /** Pulses, which are about seconds, until its quarantine ends; null outside of one. */
  quarantinePulses: count.nullable(),
  state: z.string(),
  slots: count,
  used: count,
  renewedAt: micros,
  startedAt: micros,
  device: z.strictObject({
    engine: z.string(),
    model: z.string(),
    provider: z.string(),
    device: z.string(),
    version: z.string(),
  }),
});

export type FleetWorker = z.infer<typeof workerSchema>;

const runningTaskSchema = z.strictObject({
  id: decimalId,
  organisationId: decimalId,
  modelId: decimalId,
  status: taskStatusSchema,
  epoch: count,
  workerId: z.string(),
  queuedAt: micros,
  acceptedAt: micros.nullable(),
  outputTokens: count,
});

/** What the leader of a pool last saw. */
const poolReportSchema = z.strictObject({
  queued: count,
  running: count,
  /** How long the oldest queued task has waited; null where none is queued. */
  oldestWaitSeconds: z.number().nullable(),
  /**
   * For how long the pool got no slot although it has queued tasks; null where it got one or has
   * none.
   */
  unservedMs: z.number().nullable(),
  /** How many workers with a free slot are idle in the pool, by reason. */
  idle: z.partialRecord(idleReason, count),
  /** The same for each of a bounded number of workers, by id. */
  workers: z.record(z.string(), idleReason),
});

export type FleetPool = z.infer<typeof poolReportSchema>;

/** `GET /admin/v1/fleet`. A day is a UTC day. */
export const fleetSchema = z.strictObject({
  now: micros,
  queued: z.array(z.strictObject({ pool: z.string(), count, oldestQueuedAt: micros.nullable() })),
  workers: z.array(workerSchema),
  running: z.array(runningTaskSchema),
  /** By pool; pools without a leader are left out. */
  standings: z.record(z.string(), poolReportSchema),
  spentTodayUsd: usd,
  finishedToday: count,
  failedToday: count,
});

export type Fleet = z.infer<typeof fleetSchema>;
