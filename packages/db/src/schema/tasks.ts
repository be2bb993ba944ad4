import { TASK_EVENT_TYPES, TASK_LIFE, TASK_STATUSES, type TaskTime } from '@runfleet/protocol';
import { sql } from 'drizzle-orm';
import {
  doublePrecision,
  index,
  integer,
  json,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

import { amount, bytea, counter, id, moment } from './columns.ts';

export const taskStatus = pgEnum('task_status', TASK_STATUSES);

/** When the task entered each status. */
const moments = Object.fromEntries(
  Object.values(TASK_LIFE).map(({ time }) => [time, moment()]),
) as Record<TaskTime, ReturnType<typeof moment>>;

/**
 * A task. Only `packages/tasks` writes this table.
 *
 * No index contains `status` or `seq`, so updates of a running task stay heap-only; `outcome`
 * changes once, at the end. There is no foreign key to the tenant, because its
 * account row is locked in the same transaction.
 */
export const tasks = pgTable(
  'tasks',
  {
    id: id().primaryKey().generatedAlwaysAsIdentity(),
    organisationId: id().notNull(),
    projectId: id().notNull(),
    /** The project owner's id, which the wire repeats as `uuid`. */
    ownerId: uuid().notNull(),
    token: text().notNull().unique(),
    modelId: text().notNull(),
    pool: text().notNull(),
    /** The Run's body as sent. `json` keeps the order of keys, which clients see. */
    parameters: json().notNull(),
    /** The texts of its files as they were at the Run, `[{ name, text }]`. Null without files. */
    fileTexts: json(),
    /** Fixed at the Run, so that a retry generates the same text. */
    seed: id().notNull(),
    timeoutSeconds: integer().notNull(),

    /** The conversation of which it is a turn. Null again when its contents were deleted. */
    conversationId: id(),
    /** Which turn it is, from 1; the one that it continues; and the one that gave the system prompt. */
    turn: integer(),
    parentId: id(),
    systemTurnId: id(),

    /**
     * The fairness key: which of the tenant's end users it serves. End users share the tenant's
     * turns fairly. Empty if not given.
     */
    fairnessKey: text().notNull().default(''),
    /** Head start in seconds within the tenant's own tasks. */
    priority: integer().notNull().default(0),
    /** Expected slot-seconds: fair order counts these until the use is known. */
    expectedSeconds: doublePrecision().notNull().default(1),
    /** When it expires unless it was accepted; null means never. */
    startBy: moment(),
    /** Not before this moment; set by a retry with backoff. */
    notBefore: moment(),
    /** The session (conversation): a worker that has its prefix cached serves it faster. */
    affinity: text(),
    /** Is called when the task has ended; null: nothing is. */
    callbackUrl: text(),
    /** Labels that a worker must have, as `name=value`. */
    requires: text().array().notNull().default([]),
    /** Workers on which it failed. */
    avoids: uuid().array().notNull().default([]),

    status: taskStatus().notNull(),
    /** Increases at each assign, requeue and kill; writes with an older epoch are refused. */
    epoch: integer().notNull(),
    /** The seq of the last event. */
    seq: integer().notNull(),
    changedAt: moment().notNull(),
    /**
     * Its pool while it is queued, else null. The fair index is rebuilt from this column. Ends
     * with ` parked` while no worker has the labels that it requires.
     */
    queuedIn: text(),
    /** The worker whose slot it occupies, else null. */
    workerId: uuid(),
    workerGeneration: integer(),
    /** The pulse of the assignment: the accept deadline counts from it. */
    assignedPulse: counter(),
    /** Answer tokens whose text is in the log: detects a repeated append. */
    outputTokens: integer().notNull().default(0),
    /** Attempts that failed through no fault of the caller. */
    infraAttempts: integer().notNull().default(0),

    ...moments,
    queuedAt: moment().notNull(),

    /** A `Price` of `packages/billing`. Null on tasks that a process without it created: then `cps` counts. */
    price: jsonb(),
    /** What else it may use at most, beside its timeout. Null on tasks that a process without it created. */
    limits: jsonb(),
    priceVersion: text().notNull(),
    cps: amount().notNull(),
    /** The hold: the most that the task may cost. Released when it ends. */
    held: amount().notNull(),
    totalCost: amount().notNull().default('0'),
    /** Names of the rows in `limit_counts` that count it. Empty for a tenant without limits. */
    countedIn: text().array().notNull().default([]),

    outcome: text(),
    pexit: text().notNull().default(''),
    debugOutput: text().notNull().default(''),
    debugError: text().notNull().default(''),
    outputs: json().notNull().default([]),
    receipt: json(),
  },
  (table) => [
    index('tasks_of_organisation').on(table.organisationId, table.id),
    // Each task is in one of these four, for the filters of a history (`task-filter.ts` of `tasks`).
    index('tasks_live_of_organisation')
      .on(table.organisationId, table.id)
      .where(sql`${table.outcome} is null`),
    index('tasks_succeeded_of_organisation')
      .on(table.organisationId, table.id)
      .where(sql`${table.outcome} = 'succeeded'`),
    index('tasks_failed_of_organisation')
      .on(table.organisationId, table.id)
      .where(sql`${table.outcome} not in ('succeeded', 'cancelled')`),
    index('tasks_cancelled_of_organisation')
      .on(table.organisationId, table.id)
      .where(sql`${table.outcome} = 'cancelled'`),
    // Of ended tasks only: an update of a live task that changes an index writes to every full index.
    index('tasks_ended_of_project')
      .on(table.organisationId, table.projectId, table.id)
      .where(sql`${table.outcome} is not null`),
    index('tasks_ended_of_model')
      .on(table.organisationId, table.modelId, table.id)
      .where(sql`${table.outcome} is not null`),
    index('tasks_ended_by_creation')
      .on(table.organisationId, table.queuedAt, table.id)
      .where(sql`${table.outcome} is not null`),
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
    // Of two turns of one conversation, one has ended.
    uniqueIndex('tasks_live_turn')
      .on(table.conversationId)
      .where(sql`${table.conversationId} is not null and ${table.outcome} is null`),
    index('tasks_of_conversation')
      .on(table.conversationId, table.outcome, table.id)
      .where(sql`${table.conversationId} is not null`),
  ],
);

/**
 * The event log; `seq` counts from 1 without gaps per task. Range-partitioned by task id (see the
 * migration), so that retention drops whole partitions.
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
 * The task of an `Idempotency-Key`. Written in the task's own transaction, so that a repeated Run
 * gets the first one's answer after any crash. Kept for 24 hours.
 */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    projectId: id().notNull(),
    key: text().notNull(),
    /** SHA-256 of the request: another body under the same key is an error. */
    requestHash: bytea().notNull(),
    taskId: id().notNull(),
    createdAt: moment().notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.key] }), index().on(table.createdAt)],
);

/** Files of tasks, found by the access key in their URL. */
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
    /** Null if the file is the task's answer, whose text is in `debug_output`. */
    storageKey: text(),
    createdAt: moment().notNull(),
  },
  (table) => [index().on(table.taskId)],
);
