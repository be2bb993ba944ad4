import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, pgTable, text, unique } from 'drizzle-orm/pg-core';

import { amount, id, moment } from './columns.ts';
import { organisations } from './tenants.ts';

/** The limits of organisations. Changed and read only under the lock of the account. */
export const limits = pgTable(
  'limits',
  {
    id: id().primaryKey().generatedAlwaysAsIdentity(),
    organisationId: id()
      .notNull()
      .references(() => organisations.id),
    level: text({ enum: ['organisation', 'project', 'key', 'user'] }).notNull(),
    /** A project's id, or an end user's name. Empty for the organisation, and for each end user. */
    subject: text().notNull(),
    kind: text({ enum: ['spend', 'active'] }).notNull(),
    period: text({ enum: ['day', 'week', 'month', 'total', 'now'] }).notNull(),
    /** Dollars for `spend`, else a count. */
    value: amount().notNull(),
    /** False until what was spent in the current period before it was set is counted. */
    isInForce: boolean().notNull(),
    createdAt: moment().notNull().defaultNow(),
  },
  (table) => [
    unique('limits_of_organisation').on(
      table.organisationId,
      table.level,
      table.subject,
      table.kind,
      table.period,
    ),
  ],
);

/** What counts against a limit: one row per period and, for a limit of each end user, per end user. */
export const limitCounts = pgTable(
  'limit_counts',
  {
    /** `limit:start of the period in microseconds:subject`, which the tasks that it counts repeat. */
    name: text().primaryKey(),
    limitId: id()
      .notNull()
      .references(() => limits.id, { onDelete: 'cascade' }),
    subject: text().notNull(),
    startsAt: moment().notNull(),
    /** Null for a period without an end. */
    endsAt: moment(),
    settled: amount().notNull().default('0'),
    held: amount().notNull().default('0'),
    /** Tasks that have not ended. */
    active: integer().notNull().default(0),
  },
  (table) => [
    index('limit_counts_latest').on(table.limitId, table.subject, table.startsAt),
    // Without the columns that each task changes, so that their updates stay heap-only.
    index('limit_counts_ended').on(table.endsAt),
    check(
      'limit_counts_not_negative',
      sql`${table.settled} >= 0 and ${table.held} >= 0 and ${table.active} >= 0`,
    ),
  ],
);
