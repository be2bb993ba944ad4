import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';

import { counter, moment } from './columns.ts';

/**
 * The last run of each scheduled job. Its slot decides that a job runs once per period, however many
 * brokers there are and whatever Redis forgets. Only `packages/upkeep` writes it.
 */
export const upkeepRuns = pgTable('upkeep_runs', {
  name: text().primaryKey(),
  /** The start of the period that it ran for, in unix milliseconds. */
  slot: counter().notNull(),
  /** A later attempt has another one, so that an earlier attempt cannot end it. */
  attemptId: uuid().notNull(),
  state: text({ enum: ['running', 'succeeded', 'failed', 'timed_out'] }).notNull(),
  /** Attempts for this slot that began. */
  attempts: integer().notNull(),
  startedAt: moment().notNull(),
  /** When a running attempt counts as dead. */
  leasedUntil: moment().notNull(),
  endedAt: moment(),
  /** How many rows or objects the last success changed. */
  changed: counter().notNull().default(0),
  /** Why the last attempt failed; empty if it did not. */
  error: text().notNull().default(''),
  /** Failed attempts since the last success. */
  failures: integer().notNull().default(0),
  succeededAt: moment(),
});
