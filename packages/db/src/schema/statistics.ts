import { boolean, date, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

import { amount, counter, moment } from './columns.ts';

/** Totals of a model's tasks that ended on a day (UTC), so that no query counts all tasks. */
export const modelDays = pgTable(
  'model_days',
  {
    modelId: text().notNull(),
    day: date().notNull(),
    ended: integer().notNull(),
    succeeded: integer().notNull(),
    failed: integer().notNull(),
    /** Time from accept to end of successful tasks, in ticks of 0.1 ms. */
    succeededTicks: counter().notNull(),
    spent: amount().notNull(),
    lastQueuedAt: moment().notNull(),
  },
  (table) => [primaryKey({ columns: [table.modelId, table.day] })],
);

/** One row: ended tasks up to this moment are counted in `model_days`. */
export const figuresFolded = pgTable('figures_folded', {
  one: boolean().primaryKey().default(true),
  until: moment().notNull(),
});
