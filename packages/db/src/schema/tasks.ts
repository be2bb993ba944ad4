import { TASK_EVENT_TYPES, TASK_STATUSES } from '@runfleet/protocol';
import { sql } from 'drizzle-orm';
import {
  doublePrecision,
  index,
  integer,
  json,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

import { amount, bytea, counter, id } from './columns.ts';

export const taskStatus = pgEnum('task_status', TASK_STATUSES);

const moment = () => timestamp({ withTimezone: true });

/**
 * A run that somebody asked for. Written by `packages/tasks` alone.
 *
 * No index mentions `status` or `seq`, so the many updates of a running task stay heap-only; and
 * there is no foreign key to the tenant, whose account row is locked in the same transaction.
 */
export const tasks = pgTable(
  'tasks',
  {
    id: id().primaryKey().generatedAlwaysAsIdentity(),
    organisationId: id().notNull(),
    projectId: id().notNull(),
    /** The project owner's, which the wire repeats as `uuid`. */
    ownerId: uuid().notNull(),
    token: text().notNull().unique(),
    modelId: text().notNull(),
    pool: text().notNull(),
    /** The Run's body, as given. `json` where the order of keys is part of what clients see. */
    parameters: json().notNull(),
    /** Fixed at Run, so that a retry repeats the same text. */
    seed: id().notNull(),
    timeoutSeconds: integer().notNull(),

    /** Whom of the tenant's own users it is for: they share the tenant's turns fairly. Empty: nobody in particular. */
    fairnessKey: text().notNull().default(''),
    /** Seconds of head start in the tenant's own line. */
    priority: integer().notNull().default(0),
    /** Slot-seconds that it is expected to take: what fair order counts until the use is known. */
    expectedSeconds: doublePrecision().notNull().default(1),
    /** When it expires unless it was accepted; null waits for ever. */
    startBy: moment(),
    /** Set by a retry with backoff: not offered before. */
    notBefore: moment(),
    /** Tasks of one session, which a worker with their prefix in its cache serves faster. */
    affinity: text(),
    /** Labels that a worker must carry, as `name=value`. */
    requires: text().array().notNull().default([]),
    /** Workers on which it failed. */
    avoids: uuid().array().notNull().default([]),

    status: taskStatus().notNull(),
    /** Rises at each assign, requeue and kill: what an older epoch writes is refused. */
    epoch: integer().notNull(),
    /** The last event's. */
    seq: integer().notNull(),
    changedAt: moment().notNull(),
    /**
     * Its pool while it waits in the queue, else null: what the queue's index is rebuilt from. With
     * ` parked` behind it while no worker carries what it requires.
     */
    queuedIn: text(),
    /** The worker one of whose slots it occupies, else null. */
    workerId: uuid(),
    workerGeneration: integer(),
    /** The pulse at which it was assigned: its accept deadline counts from there. */
    assignedPulse: counter(),
    /** Answer tokens whose text is in the log: a repeated append is known by it. */
    outputTokens: integer().notNull().default(0),
    /** Attempts that ended for no fault of the caller's. */
    infraAttempts: integer().notNull().default(0),

    queuedAt: moment().notNull(),
    assignedAt: moment(),
    acceptedAt: moment(),
    preprocessStartedAt: moment(),
    preprocessEndedAt: moment(),
    startedAt: moment(),
    endedAt: moment(),
    postprocessStartedAt: moment(),
    postprocessEndedAt: moment(),
    cancelledAt: moment(),

    priceVersion: text().notNull(),
    cps: amount().notNull(),
    /** What the task may cost at most; returned to the account when it ends. */
    held: amount().notNull(),
    totalCost: amount().notNull().default('0'),

    outcome: text(),
    pexit: text().notNull().default(''),
    debugOutput: text().notNull().default(''),
    debugError: text().notNull().default(''),
    outputs: json().notNull().default([]),
    receipt: json(),
  },
  (table) => [
    index('tasks_of_organisation').on(table.organisationId, table.id),
    index('tasks_queued')
      .on(table.queuedIn, table.id)
      .where(sql`${table.queuedIn} is not null`),
    index('tasks_start_deadlines')
      .on(table.startBy)
      .where(sql`${table.queuedIn} is not null and ${table.startBy} is not null`),
    index('tasks_suspected')
      .on(table.pool)
      .where(
        sql`${table.infraAttempts} >= 2 and (${table.queuedIn} is not null or ${table.workerId} is not null)`,
      ),
    index('tasks_ended')
      .on(sql`coalesce(${table.postprocessEndedAt}, ${table.cancelledAt})`)
      .where(sql`${table.outcome} is not null`),
    index('tasks_paused')
      .on(table.notBefore)
      .where(sql`${table.notBefore} is not null`),
    index('tasks_queued_particular')
      .on(table.queuedIn, table.requires, table.id)
      .where(sql`${table.queuedIn} is not null and ${table.requires} <> '{}'`),
    index('tasks_particular_of_organisation')
      .on(table.organisationId, table.queuedIn, table.requires)
      .where(sql`${table.queuedIn} is not null and ${table.requires} <> '{}'`),
    index('tasks_of_worker')
      .on(table.workerId)
      .where(sql`${table.workerId} is not null`),
  ],
);

/**
 * The log of what happened, `seq` gapless from 1 per task. Range-partitioned by task id (the
 * migration says how), so that retention drops ranges.
 */
export const taskEvents = pgTable(
  'task_events',
  {
    taskId: id().notNull(),
    seq: integer().notNull(),
    epoch: integer().notNull(),
    type: text({ enum: TASK_EVENT_TYPES as [string, ...string[]] }).notNull(),
    payload: json(),
    at: moment().notNull(),
  },
  (table) => [primaryKey({ columns: [table.taskId, table.seq] })],
);

/**
 * Which task a caller's `Idempotency-Key` stands for: written with the task, so that a repeated Run
 * gets the first one's answer whatever died in between. Kept for 24 hours.
 */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    projectId: id().notNull(),
    key: text().notNull(),
    /** SHA-256 of what was asked: another body under the same key is an error. */
    requestHash: bytea().notNull(),
    taskId: id().notNull(),
    createdAt: moment().notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.key] }), index().on(table.createdAt)],
);

/** Files that tasks left behind, found by the access key in their URL. */
export const files = pgTable(
  'files',
  {
    id: text().primaryKey(),
    accessKey: text().notNull().unique(),
    organisationId: id().notNull(),
    taskId: id().notNull(),
    name: text().notNull(),
    contentType: text().notNull(),
    sizeBytes: counter().notNull(),
    /** Null where the file is the task's answer, whose text is `debug_output`. */
    storageKey: text(),
    createdAt: moment().notNull(),
  },
  (table) => [index().on(table.taskId)],
);
