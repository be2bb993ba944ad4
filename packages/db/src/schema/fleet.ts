import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

import { counter } from './columns.ts';

const moment = () => timestamp({ withTimezone: true });

/** One process that runs tasks on one device. It renews its own row; `generation` rises at each connection. */
export const workers = pgTable(
  'workers',
  {
    id: uuid().primaryKey(),
    pool: text().notNull(),
    /** Tickets for all workers of a host arrive in one queue. */
    host: text().notNull(),
    state: text({ enum: ['ready', 'draining', 'lost', 'stopped'] }).notNull(),
    generation: integer().notNull(),
    slots: integer().notNull(),
    /** Slots that tasks occupy; every commit that binds or frees one moves it. */
    used: integer().notNull().default(0),
    renewedPulse: counter().notNull(),
    renewedAt: moment().notNull(),
    startedAt: moment().notNull(),
    /** What it runs on: provider, device, model, versions. */
    device: jsonb().notNull(),
  },
  (table) => [
    index().on(table.pool, table.state),
    check('workers_slots', sql`${table.used} between 0 and ${table.slots}`),
  ],
);

/** The fleet's heartbeat, one row, ticked by brokers each second. Leases are judged in pulses, so nothing expires while nobody ticks. */
export const pulse = pgTable('pulse', {
  one: boolean().primaryKey().default(true),
  n: counter().notNull().default(0),
  at: moment().notNull().defaultNow(),
});

/** Which broker leads a pool, and the mark that its Redis index must carry to be trusted. */
export const poolLeases = pgTable('pool_leases', {
  pool: text().primaryKey(),
  holder: text().notNull(),
  generation: integer().notNull(),
  renewedAt: moment().notNull(),
  indexMark: text(),
});
