/** What the index of queued tasks is filled from and compared with, in keyset pages by task id. */
import type { Db, Sql, Statement } from '@runfleet/db';
import type { QueuedTask } from '@runfleet/queue';
import { laneOf } from '@runfleet/scheduler';

import { SUSPECT_ATTEMPTS } from '../life/queue-moves.ts';

type Page = { afterId: string; limit: number };

/** A pool's tasks that may be picked; those of one lane, or of all. They carry their lane as `pool`. */
export async function listQueuedTasks(
  ctx: { db: Db },
  input: Page & { pool: string; requires?: readonly string[]; minAgeMs?: number },
): Promise<QueuedTask[]> {
  const { sql } = ctx.db;
  const { pool, requires, afterId, limit, minAgeMs = 0 } = input;
  const rows = await sql<IndexRow[]>`
    select ${indexColumns(sql)}
    from tasks t join organisations o on o.id = t.organisation_id
    where t.queued_in between ${pool} and ${pool} and (t.queued_in, t.id) > (${pool}, ${afterId})
      and t.not_before is null ${ofLane(sql, requires)}
      -- What was changed in the future was so before the clock was set back.
      and (t.changed_at <= clock_timestamp() - make_interval(secs => ${minAgeMs / 1000})
        or t.changed_at > clock_timestamp())
    -- By the pool, too, though it is one: only the index of queued tasks has this order. By the id
    -- alone, a plan made for any parameters walks the primary key through all tasks that ever ended.
    order by t.queued_in, t.id limit ${limit}`;
  return rows.map(toQueuedTask);
}

/** A lane's tasks that are bound to workers. */
export async function listBoundTasks(
  ctx: { db: Db },
  input: Page & { pool: string; requires: readonly string[] },
): Promise<QueuedTask[]> {
  const { sql } = ctx.db;
  const { pool, requires, afterId, limit } = input;
  const rows = await sql<IndexRow[]>`
    select ${indexColumns(sql)}
    -- All that are bound first, since a plan that looks for the lowest ids may begin among the ended.
    from (select * from tasks where worker_id is not null offset 0) t
      join organisations o on o.id = t.organisation_id
    where t.pool = ${pool} and t.id > ${afterId} ${ofLane(sql, requires)}
    order by t.id limit ${limit}`;
  return rows.map(toQueuedTask);
}

/**
 * What the tasks in line require of their workers, besides those that require nothing: `limit` lanes
 * at most, and if there are more, others each time.
 */
export async function listLanes(
  ctx: { db: Db },
  input: { pool: string; limit: number },
): Promise<string[][]> {
  const rows = await ctx.db.sql<{ requires: string[] }[]>`
    -- From lane to lane by the index, past the tasks between them.
    with recursive lanes as (
      (select requires from tasks where queued_in = ${input.pool} and requires <> '{}'
        order by requires limit 1)
      union all
      select (select t.requires from tasks t
        where t.queued_in = ${input.pool} and t.requires <> '{}' and t.requires > l.requires
        order by t.requires limit 1)
      from lanes l where l.requires is not null
    )
    select requires from lanes where requires is not null order by random() limit ${input.limit}`;
  return rows.map((row) => row.requires);
}

/** Which of the tasks no worker has. */
export async function listUnbound(ctx: { db: Db }, taskIds: readonly string[]): Promise<string[]> {
  if (taskIds.length === 0) return [];
  const rows = await ctx.db.sql<{ id: string }[]>`
    select wanted.id from unnest(${taskIds}::bigint[]) as wanted(id)
    left join tasks t on t.id = wanted.id
    where t.worker_id is null`;
  return rows.map((row) => row.id);
}

type IndexRow = Omit<QueuedTask, 'lane'> & { pool: string; requires: string[] };

const indexColumns = (sql: Sql): Statement => sql`
  t.id as "taskId", t.organisation_id as "organisationId", t.pool, t.requires,
  t.fairness_key as "fairnessKey", t.expected_seconds * 1000 as cost, o.weight,
  -- As \`lineOf\` has it.
  case when t.infra_attempts < ${SUSPECT_ATTEMPTS} then t.priority else 0 end as priority,
  extract(epoch from case when t.infra_attempts < ${SUSPECT_ATTEMPTS} then t.queued_at
    else t.changed_at end)::float8 * 1000 as "queuedAt",
  o.running_limit as "runningLimit"`;

function ofLane(sql: Sql, requires: readonly string[] | undefined): Statement {
  if (requires === undefined) return sql``;
  if (requires.length === 0) return sql`and t.requires = '{}'`;
  // Said twice, since a plan made for any parameters cannot tell that these are labels.
  return sql`and t.requires <> '{}' and t.requires = ${requires}::text[]`;
}

function toQueuedTask({ pool, requires, ...task }: IndexRow): QueuedTask {
  return { ...task, lane: laneOf(pool, requires) };
}
