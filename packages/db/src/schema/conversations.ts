import { sql } from 'drizzle-orm';
import { index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';

import { id, moment } from './columns.ts';

/**
 * A conversation: a session of one end user with one model of a project. Its turns are tasks, which
 * name it. The commit of its first turn writes it, so that there are never more conversations than
 * tasks, and it goes with the last one of them.
 */
export const conversations = pgTable(
  'conversations',
  {
    id: id().primaryKey().generatedAlwaysAsIdentity(),
    organisationId: id().notNull(),
    projectId: id().notNull(),
    modelId: text().notNull(),
    /** The caller's end user; empty if it named none. */
    userId: text().notNull(),
    sessionId: text().notNull(),
    createdAt: moment().notNull(),
    /** Set while its turns are deleted: no turn can be added, and a next one begins a new conversation. */
    deletedAt: moment(),
  },
  (table) => [
    uniqueIndex('conversations_of_session')
      .on(table.projectId, table.sessionId, table.userId, table.modelId)
      .where(sql`${table.deletedAt} is null`),
    index('conversations_of_project').on(table.projectId, table.id),
    index('conversations_of_user').on(table.projectId, table.userId, table.id),
  ],
);
