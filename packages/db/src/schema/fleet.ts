import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';

import { counter, moment } from './columns.ts';

/**
 * A process that runs tasks on one device. It renews its own row; `generation` increases at each
 * connection.
 */
export const workers = pgTable(
  'workers',
  {
    id: uuid().primaryKey(),
    /** The pools it serves: one per model that it can load. */
    pools: text().array().notNull().default([]),
    /** All workers of a host share one ticket queue. */
    host: text().notNull(),
    state: text({ enum: ['ready', 'draining', 'quarantined', 'lost', 'stopped'] }).notNull(),
    generation: integer().notNull(),
    slots: integer().notNull(),
    /** Slots that tasks occupy; updated by every commit that binds or frees one. */
    used: integer().notNull().default(0),
    renewedPulse: counter().notNull(),
    /** The pulse of the last renewal by a broker, while the worker was too busy to renew. */
    keptPulse: counter().notNull().default(0),
    /**
     * The pulse of the last renewal whose answer (a list of its tasks) the worker has confirmed.
     */
    seenPulse: counter().notNull().default(0),
    renewedAt: moment().notNull(),
    startedAt: moment().notNull(),
    /** Its hardware and software: provider, device, model, versions. */
    device: jsonb().notNull(),
    /** Labels that a task may require, as `name=value`. */
    labels: text().array().notNull().default([]),
    /** Loaded models: `{ [pool]: { bytes, contextTokens } }`. */
    loaded: jsonb().notNull().default({}),
    /** Memory that each model needs once loaded: `{ [pool]: bytes }`. */
    sizes: jsonb().notNull().default({}),
    /** Memory for models on its device; null if not measured. */
    memoryBytes: counter(),
    /** Consecutive failures that the worker caused; a success resets them. */
    strikes: integer().notNull().default(0),
    /** The pulse at which a quarantine ends. */
    quarantinedUntil: counter(),
  },
  (table) => [
    index().on(table.state),
    check('workers_slots', sql`${table.used} between 0 and ${table.slots}`),
  ],
);

/**
 * The fleet's heartbeat, one row, incremented by brokers every second. Leases count pulses, so
 * nothing expires while no broker runs.
 */
export const pulse = pgTable('pulse', {
  one: boolean().primaryKey().default(true),
  n: counter().notNull().default(0),
  at: moment().notNull().defaultNow(),
});

/** Which broker leads a pool, and the mark that its Redis index must carry to be used. */
export const poolLeases = pgTable('pool_leases', {
  pool: text().primaryKey(),
  holder: text().notNull(),
  generation: integer().notNull(),
  renewedAt: moment().notNull(),
  indexMark: text(),
  /**
   * The leader's last report: why workers with free slots got nothing, and since when tasks wait.
   */
  standing: jsonb(),
});
