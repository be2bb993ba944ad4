/**
 * What a run is expected to take is settled when it is asked for, and may be a bare guess: of a new
 * model nothing is known then, and its first hundred tasks may wait in line before one has ended. A
 * wait that is told later need not repeat the guess.
 */
import type { Db } from '@runfleet/db';

/** So many tasks that ended recently say enough; with fewer, those that run for long already count, too. */
const ENDED_ENOUGH = 20;
const SAMPLE_TASKS_MAX = 100;
const RECENT_SECONDS = 600;

export type PaceSnapshot = {
  /** Tasks that ended recently, or run for longer than was expected. */
  readonly tasks: number;
  /** Seconds that they took, so far at least, and that were expected of them; 0 without tasks. */
  readonly tookSeconds: number;
  readonly expectedSeconds: number;
  /** What is expected of a task that is in line, on average; null where none is. */
  readonly queuedSeconds: number | null;
};

/** By how much the tasks in a pool's line will take longer than is expected of them. */
export async function readPace(ctx: { db: Db }, pool: string): Promise<number> {
  const [seen] = await ctx.db.sql<PaceSnapshot[]>`
    with ended as (
      select extract(epoch from ended_at - accepted_at) as took, expected_seconds as expected
      from (
        select pool, outcome, ended_at, accepted_at, expected_seconds from tasks
        where outcome is not null and coalesce(postprocess_ended_at, cancelled_at)
          > now() - make_interval(secs => ${RECENT_SECONDS})
        order by coalesce(postprocess_ended_at, cancelled_at) desc limit ${SAMPLE_TASKS_MAX}
      ) recent
      where pool = ${pool} and outcome = 'succeeded'
    ), seen as (
      select took, expected from ended
      union all
      (select extract(epoch from now() - accepted_at), expected_seconds from tasks
        where (select count(*) from ended) < ${ENDED_ENOUGH} and worker_id is not null
          and pool = ${pool} and accepted_at + make_interval(secs => expected_seconds) < now()
        limit ${SAMPLE_TASKS_MAX})
    )
    select count(*)::int as tasks, coalesce(sum(took), 0)::float8 as "tookSeconds",
      coalesce(sum(expected), 0)::float8 as "expectedSeconds",
      -- In the order of the index of queued tasks, so that no plan searches all tasks for them.
      (select avg(expected_seconds)::float8 from (
        select expected_seconds from tasks where queued_in between ${pool} and ${pool}
        order by queued_in, id limit ${SAMPLE_TASKS_MAX}
      ) line) as "queuedSeconds"
    from seen`;
  return seen ? paceOf(seen) : 1;
}

/**
 * As if tasks in line took as long as those that are seen. But where these took what was expected of
 * them, what is expected is believed; and it is corrected by no more than they were off.
 */
export function paceOf({
  tasks,
  tookSeconds,
  expectedSeconds,
  queuedSeconds,
}: PaceSnapshot): number {
  if (tasks === 0 || expectedSeconds === 0 || !queuedSeconds) return 1;
  const off = tookSeconds / expectedSeconds;
  const pace = tookSeconds / tasks / queuedSeconds;
  return Math.min(Math.max(pace, Math.min(off, 1)), Math.max(off, 1));
}
