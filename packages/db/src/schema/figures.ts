import { boolean, date, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

import { amount, counter } from './columns.ts';

const moment = () => timestamp({ withTimezone: true });

/** What a model's tasks came to that ended on a day (UTC), so that nobody counts all tasks. */
export const modelDays = pgTable(
  'model_days',
  {
    modelId: text().notNull(),
    day: date().notNull(),
    ended: integer().notNull(),
    succeeded: integer().notNull(),
    failed: integer().notNull(),
    /** Accept to end of those that succeeded, in ticks of 0.1 ms. */
    succeededTicks: counter().notNull(),
    spent: amount().notNull(),
    lastQueuedAt: moment().notNull(),
  },
  (table) => [primaryKey({ columns: [table.modelId, table.day] })],
);

/** Up to when ended tasks are in `model_days`, one row. */
export const figuresFolded = pgTable('figures_folded', {
  one: boolean().primaryKey().default(true),
  until: moment().notNull(),
});
