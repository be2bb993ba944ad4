import { sql } from 'drizzle-orm';
import {
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core';

import { counter, id, moment } from './columns.ts';

/**
 * One callback that is due or was made, whatever becomes of its jobs in Redis. The commit that ends a
 * task inserts it (`packages/tasks`); only `packages/callbacks` changes it.
 */
export const callbackDeliveries = pgTable(
  'callback_deliveries',
  {
    /** The `webhook-id` of all its attempts. */
    id: uuid().primaryKey().defaultRandom(),
    organisationId: id().notNull(),
    projectId: id().notNull(),
    /** Null for a test. */
    taskId: id(),
    /** Null for the address of a Run, and for a test. */
    endpointId: uuid(),
    event: text().notNull(),
    url: text().notNull(),
    /** The organisation and the origin of the URL: attempts in flight are bounded per target. */
    target: text().notNull(),
    state: text({ enum: ['open', 'delivered', 'failed', 'gone'] })
      .notNull()
      .default('open'),
    /** Attempts that began. */
    attempts: integer().notNull().default(0),
    /** Failed attempts since it was created or redelivered: the position in the schedule. */
    failures: integer().notNull().default(0),
    dueAt: moment().notNull(),
    /** Until when an attempt counts as in flight; null if none is. */
    leasedUntil: moment(),
    createdAt: moment().notNull(),
    closedAt: moment(),
  },
  (table) => [
    index('callback_deliveries_due')
      .on(table.target, table.dueAt)
      .where(sql`${table.state} = 'open'`),
    index('callback_deliveries_overdue')
      .on(table.dueAt)
      .where(sql`${table.state} = 'open'`),
    index('callback_deliveries_closed')
      .on(table.closedAt)
      .where(sql`${table.closedAt} is not null`),
    index().on(table.projectId, table.createdAt),
    index().on(table.taskId),
    index('callback_deliveries_of_endpoint')
      .on(table.endpointId)
      .where(sql`${table.state} = 'open' and ${table.endpointId} is not null`),
  ],
);

/** An address that is called for each of these events of a project's tasks. */
export const callbackEndpoints = pgTable(
  'callback_endpoints',
  {
    id: uuid().primaryKey().defaultRandom(),
    organisationId: id().notNull(),
    projectId: id().notNull(),
    url: text().notNull(),
    /** As in `callback_deliveries`. */
    target: text().notNull(),
    events: text().array().notNull(),
    createdAt: moment().notNull(),
  },
  (table) => [index().on(table.projectId)],
);

/** The log of a delivery: one row for each attempt that ended. */
export const callbackAttempts = pgTable(
  'callback_attempts',
  {
    deliveryId: uuid()
      .notNull()
      .references(() => callbackDeliveries.id, { onDelete: 'cascade' }),
    attempt: integer().notNull(),
    at: moment().notNull(),
    durationMs: integer().notNull(),
    /** The HTTP status; null without an answer. */
    status: integer(),
    /** Why there is no answer; null with one. */
    error: text(),
    contentType: text(),
    /** The start of the answer. */
    body: text().notNull().default(''),
  },
  (table) => [primaryKey({ columns: [table.deliveryId, table.attempt] })],
);

/** Attempts in flight per target. They are in one row, so that its lock bounds them. */
export const callbackTargets = pgTable(
  'callback_targets',
  {
    target: text().primaryKey(),
    /** `{ [delivery]: unix ms until when it counts }`: a dead process frees its slots by time. */
    leases: jsonb().notNull().default({}),
    usedMs: counter().notNull(),
    /** Whether its last attempt got an answer, whatever its status. */
    isAnswering: boolean().notNull().default(false),
    /** Attempts in a row without an answer; those that were in flight together count as one. */
    silences: integer().notNull().default(0),
    /** Until when nothing is sent after such an attempt, in unix ms. */
    pausedUntilMs: counter().notNull().default(0),
  },
  (table) => [index().on(table.usedMs)],
);
