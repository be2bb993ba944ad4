import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

import { id, moment } from './columns.ts';

/**
 * The versions of published models; the highest of each id counts, and none is changed but by its
 * retirement. Models without a row are those of `packages/catalog`, whose ids are below 1,000.
 */
export const models = pgTable(
  'models',
  {
    id: id().generatedByDefaultAsIdentity({ startWith: 1_000 }),
    version: integer().notNull(),
    /** The pool of the workers that serve it: the same in each version. */
    pool: text().notNull(),
    /** A `ModelDocument` of `packages/catalog`. */
    document: jsonb().notNull(),
    publishedAt: moment().notNull(),
    /** Null while it takes Runs. */
    retiredAt: moment(),
  },
  (table) => [primaryKey({ columns: [table.id, table.version] })],
);
