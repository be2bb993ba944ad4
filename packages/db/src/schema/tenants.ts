import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  pgTable,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';

import { amount, bytea, id, moment } from './columns.ts';

const createdAt = () => moment().notNull().defaultNow();

/** A tenant. Accounts, fair shares and limits belong to it. */
export const organisations = pgTable('organisations', {
  id: id().primaryKey().generatedAlwaysAsIdentity(),
  name: text().notNull(),
  /** Its share of a busy fleet, relative to other organisations. */
  weight: doublePrecision().notNull().default(1),
  /** Tasks that may run at once; the others wait in the queue. Null means no limit. */
  runningLimit: integer(),
  /** Whether a project of it has a row in `callback_endpoints`: the commits that end tasks read it. */
  hasCallbackEndpoints: boolean().notNull().default(false),
  createdAt: createdAt(),
});

export const users = pgTable('users', {
  id: uuid().primaryKey().defaultRandom(),
  email: text().notNull().unique(),
  emailVerified: boolean().notNull().default(false),
  name: text().notNull(),
  image: text(),
  /** Operators see the fleet and every tenant. */
  isOperator: boolean().notNull().default(false),
  createdAt: createdAt(),
  updatedAt: createdAt(),
});

export const memberships = pgTable(
  'memberships',
  {
    id: id().primaryKey().generatedAlwaysAsIdentity(),
    organisationId: id()
      .notNull()
      .references(() => organisations.id),
    userId: uuid()
      .notNull()
      .references(() => users.id),
    role: text({ enum: ['owner', 'member'] }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [unique().on(table.organisationId, table.userId), index().on(table.userId)],
);

/** The owner of a client's key. Only the key's SHA-256 is stored. */
export const projects = pgTable(
  'projects',
  {
    id: id().primaryKey().generatedAlwaysAsIdentity(),
    organisationId: id()
      .notNull()
      .references(() => organisations.id),
    ownerId: uuid()
      .notNull()
      .references(() => users.id),
    name: text().notNull(),
    authType: text({ enum: ['signature', 'apikey'] }).notNull(),
    keyHash: bytea().notNull().unique(),
    /** The key's last four characters, to tell keys apart. */
    keyHint: text().notNull(),
    /** AES-256-GCM; null for projects without signatures. */
    encryptedSecret: bytea(),
    /** The key before the last rotation, its secret, and until when they are valid. */
    previousKeyHash: bytea().unique(),
    previousEncryptedSecret: bytea(),
    previousKeyUntil: moment(),
    /** The secret that signs callbacks, sealed; null until the project asks for one. */
    callbackSecret: bytea(),
    /** The secret before the last rotation, and until when it signs, too. */
    previousCallbackSecret: bytea(),
    previousCallbackSecretUntil: moment(),
    /** What happens to a Run at the limit of active tasks: refused (96) or queued. */
    overflow: text({ enum: ['reject', 'queue'] })
      .notNull()
      .default('reject'),
    /** Null allows every address. */
    allowedIps: text().array(),
    createdAt: createdAt(),
    revokedAt: moment(),
  },
  (table) => [index().on(table.organisationId)],
);

/**
 * An organisation's money, one row. Every commit that moves it locks task, worker, account in this
 * order.
 */
export const accounts = pgTable(
  'accounts',
  {
    organisationId: id()
      .primaryKey()
      .references(() => organisations.id),
    /** The balance, including the held amount. */
    balance: amount().notNull().default('0'),
    held: amount().notNull().default('0'),
    activeTasks: integer().notNull().default(0),
  },
  (table) => [
    check('accounts_not_negative', sql`${table.held} >= 0 and ${table.activeTasks} >= 0`),
  ],
);

/** The journal of `accounts`: immutable; each row is a debit and a credit, so all sums are zero. */
export const transfers = pgTable(
  'transfers',
  {
    id: id().primaryKey().generatedAlwaysAsIdentity(),
    /** Names the movement, e.g. `task:2221:settle`; a second row with the same name is refused. */
    businessKey: text().notNull().unique(),
    organisationId: id().notNull(),
    debit: text().notNull(),
    credit: text().notNull(),
    amount: amount().notNull(),
    taskId: id(),
    at: createdAt(),
  },
  (table) => [
    index().on(table.organisationId, table.id),
    check(
      'transfers_move_something',
      sql`${table.amount} > 0 and ${table.debit} <> ${table.credit}`,
    ),
  ],
);
