import { sql } from 'drizzle-orm';
import { index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';

import { counter, id, moment } from './columns.ts';

/** A file of a project's tasks or bills that was asked for. Only `packages/exports` writes it. */
export const exports = pgTable(
  'exports',
  {
    id: uuid().primaryKey().defaultRandom(),
    organisationId: id().notNull(),
    projectId: id().notNull(),
    kind: text({ enum: ['tasks', 'bills'] }).notNull(),
    format: text({ enum: ['csv', 'jsonl'] }).notNull(),
    /** The period: from this moment, and before that one. */
    fromMoment: moment().notNull(),
    untilMoment: moment().notNull(),
    state: text({ enum: ['queued', 'running', 'finished', 'failed', 'cancelled'] })
      .notNull()
      .default('queued'),
    /** Of the attempt that writes it; a later attempt has another one, and another object. */
    attemptId: uuid(),
    /** Attempts that began. */
    attempts: integer().notNull().default(0),
    /** When a running attempt counts as dead, which each page renews, or a queued one's job as lost. */
    leasedUntil: moment(),
    /** 0 until the attempt has counted them. */
    rowsTotal: integer().notNull().default(0),
    rowsDone: integer().notNull().default(0),
    sizeBytes: counter().notNull().default(0),
    /** Why it failed; empty otherwise. */
    error: text().notNull().default(''),
    createdAt: moment().notNull().defaultNow(),
    endedAt: moment(),
    /** From then on it can be neither seen nor downloaded; null until it has ended. */
    expiresAt: moment(),
  },
  (table) => [
    index().on(table.projectId, table.createdAt),
    index().on(table.organisationId, table.state),
    index('exports_open')
      .on(table.createdAt)
      .where(sql`${table.state} in ('queued', 'running')`),
    index('exports_expired')
      .on(table.expiresAt)
      .where(sql`${table.expiresAt} is not null`),
  ],
);
