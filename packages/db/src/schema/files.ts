import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  boolean,
  check,
  index,
  integer,
  pgTable,
  text,
} from 'drizzle-orm/pg-core';

import { counter, id, moment } from './columns.ts';

/**
 * The files that callers uploaded, and their folders. A file has a row only once its object is complete.
 * The files of tasks are in `files`. Only `packages/files` changes this and the other tables here.
 */
export const fileEntries = pgTable(
  'file_entries',
  {
    id: text().primaryKey(),
    organisationId: id().notNull(),
    projectId: id().notNull(),
    /** The folder; null at the root of the project. */
    parentId: text().references((): AnyPgColumn => fileEntries.id),
    isFolder: boolean().notNull(),
    name: text().notNull(),
    /** Empty for a folder, as its size is 0. */
    contentType: text().notNull(),
    sizeBytes: counter().notNull(),
    /** Null for a folder, as its storage key is. */
    accessKey: text().unique(),
    storageKey: text(),
    createdAt: moment().notNull(),
    /** From when it is unreadable; null: never. */
    expiresAt: moment(),
  },
  (table) => [
    index('file_entries_of_folder').on(
      table.projectId,
      table.parentId,
      table.isFolder,
      table.name,
      table.id,
    ),
    index().on(table.parentId),
    index('file_entries_that_expire')
      .on(table.expiresAt)
      .where(sql`${table.expiresAt} is not null`),
    check(
      'file_entries_folders_have_no_object',
      sql`(${table.accessKey} is null) = ${table.isFolder} and (${table.storageKey} is null) = ${table.isFolder}`,
    ),
  ],
);

/**
 * What an organisation uses of its quota: its entries, and the objects in `stray_objects`. Every change
 * of its trees locks this row first, so they come one after another.
 */
export const fileUsage = pgTable(
  'file_usage',
  {
    organisationId: id().primaryKey(),
    sizeBytes: counter().notNull().default(0),
    entries: integer().notNull().default(0),
  },
  (table) => [
    check('file_usage_not_negative', sql`${table.sizeBytes} >= 0 and ${table.entries} >= 0`),
  ],
);

/** Objects in storage that no entry owns. They are deleted once they are due. */
export const strayObjects = pgTable(
  'stray_objects',
  {
    /** The key of an object; of an upload, the folder of all its objects. */
    key: text().primaryKey(),
    organisationId: id().notNull(),
    /**
     * `uploading`: due when the process that uploads has not renewed it in time. `abandoned`: it was due
     * once; that process may still write until it is due again. `deleted`: of a deleted entry.
     */
    state: text({ enum: ['uploading', 'abandoned', 'deleted'] }).notNull(),
    /** What it counts in `file_usage`. */
    sizeBytes: counter().notNull(),
    entries: integer().notNull(),
    dueAt: moment().notNull(),
  },
  (table) => [index().on(table.dueAt)],
);
