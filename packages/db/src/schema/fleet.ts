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
    /** The pools whose tasks it takes: one per model that it can load. */
    pools: text().array().notNull().default([]),
    /** Tickets for all workers of a host arrive in one queue. */
    host: text().notNull(),
    state: text({ enum: ['ready', 'draining', 'quarantined', 'lost', 'stopped'] }).notNull(),
    generation: integer().notNull(),
    slots: integer().notNull(),
    /** Slots that tasks occupy; every commit that binds or frees one moves it. */
    used: integer().notNull().default(0),
    renewedPulse: counter().notNull(),
    /** The pulse at which its lease was last kept for it, while it was too busy to renew. */
    keptPulse: counter().notNull().default(0),
    /** The pulse of the last answer to a renewal that the worker has confirmed: it saw that answer's list. */
    seenPulse: counter().notNull().default(0),
    renewedAt: moment().notNull(),
    startedAt: moment().notNull(),
    /** What it runs on: provider, device, model, versions. */
    device: jsonb().notNull(),
    /** What a task may require of it, as `name=value`. */
    labels: text().array().notNull().default([]),
    /** Models in its memory: `{ [pool]: { bytes } }`. */
    loaded: jsonb().notNull().default({}),
    /** Bytes that each of its models takes once loaded: `{ [pool]: bytes }`. */
    sizes: jsonb().notNull().default({}),
    /** Memory for models on its device; null where it was not measured. */
    memoryBytes: counter(),
    /** Failures in a row that were the worker's own; a success forgets them. */
    strikes: integer().notNull().default(0),
    /** The pulse at which a quarantine ends. */
    quarantinedUntil: counter(),
  },
  (table) => [
    index().on(table.state),
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
  /** What the leader last saw: why workers with free slots got nothing, and since when who waits. */
  standing: jsonb(),
});
