/** Maintenance of the database. Each function is idempotent and returns how much it did. */
import type { Db } from '@runfleet/db';

import { IDEMPOTENCY_HOURS } from '../store/plan-commit.ts';

const PARTITION_TASKS = 1_000_000;

/** A partition is not worth more of a standstill than this; it is tried again. */
const PARTITION_LOCK_TIMEOUT = '2s';

/**
 * Creates the event log's current partition, and the next one once the current one is half used. Events
 * that had no partition yet are in `task_events_rest`, and are moved.
 */
export async function makeEventPartitions(ctx: { db: Db }): Promise<number> {
  const { sql } = ctx.db;
  const [last] = await sql<{ id: string }[]>`select last_value as id from tasks_id_seq`;
  const used = Number(last?.id ?? 0) / PARTITION_TASKS;
  const wanted = new Set([Math.floor(used), Math.floor(used + 0.5)]);
  let made = 0;
  for (const number of wanted) {
    const name = `task_events_${number}`;
    const [known] = await sql`select to_regclass(${name}) as name`;
    if (known?.['name'] !== null) continue;
    const [from, to] = [number * PARTITION_TASKS, (number + 1) * PARTITION_TASKS];
    // The lock comes first, so that no event slips into the rest behind the move.
    await sql.begin((tx) =>
      tx.unsafe(`
      set local lock_timeout = '${PARTITION_LOCK_TIMEOUT}';
      lock table task_events_rest in access exclusive mode;
      create table ${name} (like task_events including all);
      with moved as (
        delete from task_events_rest where task_id >= ${from} and task_id < ${to} returning *
      ) insert into ${name} select * from moved;
      alter table task_events attach partition ${name} for values from (${from}) to (${to})`),
    );
    made += 1;
  }
  return made;
}

const PURGE_MAX = 5_000;

/** Forgets idempotency keys whose day is over. */
export async function purgeIdempotencyKeys(ctx: { db: Db }): Promise<number> {
  const { sql } = ctx.db;
  const isOver = sql`created_at < now() - make_interval(hours => ${IDEMPOTENCY_HOURS})`;
  // By where they lie, since a join on the keys would read all of the day's. And once more whether
  // the day is over: a key may be given to a new task between the two looks.
  const purged = await sql`
    delete from idempotency_keys
    where ${isOver} and ctid = any(array(
      select ctid from idempotency_keys where ${isOver} order by created_at limit ${PURGE_MAX}))`;
  return purged.count;
}

/** How long the counts of a limit are kept after their period. */
const LIMIT_COUNT_DAYS = 62;

/** Removes counts of periods that are over for long, and those of no active task that have no period. */
export async function purgeLimitCounts(ctx: { db: Db }): Promise<number> {
  const { sql } = ctx.db;
  // Asked again at the delete: a Run may count in the row between the two looks.
  const isIdle = sql`active = 0 and held = 0`;
  const purged = await sql`
    delete from limit_counts where ${isIdle} and name = any(array(
      select name from limit_counts
      where ends_at < now() - make_interval(days => ${LIMIT_COUNT_DAYS}) and ${isIdle}
      limit ${PURGE_MAX}))`;
  const idle = await sql`
    delete from limit_counts c using limits l
    where l.id = c.limit_id and l.kind = 'active' and c.ends_at is null and c.active = 0
      and c.name = any(array(
        select n.name from limit_counts n join limits m on m.id = n.limit_id
        where m.kind = 'active' and n.ends_at is null and n.active = 0
        limit ${PURGE_MAX}))`;
  return purged.count + idle.count;
}

/** How long rows of gone workers are kept. */
const GONE_WORKER_DAYS = 7;

/** Removes workers that are gone for long; each process that ever ran left one behind. */
export async function purgeGoneWorkers(ctx: { db: Db }): Promise<number> {
  const purged = await ctx.db.sql`
    delete from workers w where w.id in (
      select id from workers
      where state in ('lost', 'stopped') and renewed_at < now() - make_interval(days => ${GONE_WORKER_DAYS})
      order by id limit ${PURGE_MAX})
      and not exists (select from tasks t where t.worker_id = w.id)`;
  return purged.count;
}

/** A table of fewer rows is read whole, whatever the planner thinks of it. */
const ANALYZED_ROWS_MIN = 500;
const GROWTH_MIN = 10;

/**
 * Tells the planner of tables that have become many times larger than it knows. Postgres does so by
 * itself after a minute or more; until then, statements that were prepared on an empty database
 * would scan what has become a large table.
 */
export async function analyzeGrownTables(ctx: { db: Db }): Promise<number> {
  const { sql } = ctx.db;
  const grown = await sql<{ name: string }[]>`
    select s.relname as name from pg_stat_user_tables s join pg_class c on c.oid = s.relid
    where s.schemaname = current_schema() and s.n_live_tup >= ${ANALYZED_ROWS_MIN}
      and s.n_live_tup > ${GROWTH_MIN} * greatest(c.reltuples, 0)`;
  for (const { name } of grown) await sql`analyze ${sql(name)}`;
  return grown.length;
}
