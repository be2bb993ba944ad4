/**
 * Statistics of models' tasks, without counting all tasks: those that ended are added to their day's
 * row once a minute, and a read counts only those that ended since then.
 */
import { type Db, formatMoment, type Transaction } from '@runfleet/db';
import type { Micros, Ticks } from '@runfleet/protocol';

/** A task's end is its commit's moment; this much later, every commit of that moment is done. */
const SETTLED_AFTER_SECONDS = 60;

export type ModelStatistics = {
  runCount: number;
  successCount: number;
  errorCount: number;
  lastRunAt: Micros | null;
  averageTicks: Ticks | null;
};

/** Adds the tasks that ended since the last time to their days. Answers how many. */
export async function foldEndedTasks(ctx: { db: Db }): Promise<number> {
  return ctx.db.sql.begin(async (tx) => {
    const [span] = await tx<{ from: Micros; to: Micros }[]>`
      select until as from,
        clock_timestamp() - make_interval(secs => ${SETTLED_AFTER_SECONDS}) as to
      from figures_folded for update`;
    if (!span) throw new Error('The figures_folded row is missing; run the migrations.');
    const folded = await tx<{ ended: number }[]>`
      with added as (
        ${endedByDay(tx, formatMoment(span.from), formatMoment(span.to))}
      ), written as (
        insert into model_days as d (model_id, day, ended, succeeded, failed, succeeded_ticks, spent,
          last_queued_at)
        select model_id, day, ended, succeeded, failed, ticks, spent, last_queued_at from added
        on conflict (model_id, day) do update set
          ended = d.ended + excluded.ended, succeeded = d.succeeded + excluded.succeeded,
          failed = d.failed + excluded.failed,
          succeeded_ticks = d.succeeded_ticks + excluded.succeeded_ticks,
          spent = d.spent + excluded.spent,
          last_queued_at = greatest(d.last_queued_at, excluded.last_queued_at)
      )
      select ended from added`;
    await tx`update figures_folded set until = greatest(until, ${formatMoment(span.to)}::text::timestamptz)`;
    return folded.reduce((sum, row) => sum + row.ended, 0);
  });
}

/**
 * Forgets all days, so that the next fold counts every task again: for a transaction that writes or
 * removes tasks in the past.
 */
export async function recountModelStatistics(tx: Transaction): Promise<void> {
  // First, since it waits for a fold that is going on, whose days are then seen and deleted.
  await tx`update figures_folded set until = 'epoch'`;
  await tx`delete from model_days`;
}

/** How often each model's tasks ended, and how long a success was billed on average. */
export async function readModelStatistics(ctx: { db: Db }): Promise<Map<string, ModelStatistics>> {
  const { sql } = ctx.db;
  const rows = await sql<
    {
      model_id: string;
      runs: string;
      successes: string;
      errors: string;
      last_run_at: Micros;
      average_ticks: string | null;
    }[]
  >`
    select model_id, sum(ended) as runs, sum(succeeded) as successes, sum(failed) as errors,
      max(last_queued_at) as last_run_at, floor(sum(ticks) / nullif(sum(succeeded), 0)) as average_ticks
    from (
      select model_id, ended, succeeded, failed, succeeded_ticks as ticks, last_queued_at
      from model_days
      union all
      select model_id, ended, succeeded, failed, ticks, last_queued_at
      from (${endedSinceFold(sql)}) fresh
      union all
      select model_id, count(*), 0, 0, 0, max(queued_at) from tasks
      where queued_in is not null or worker_id is not null group by model_id
    ) counted
    group by model_id`;
  return new Map(
    rows.map((row) => [
      row.model_id,
      {
        runCount: Number(row.runs),
        successCount: Number(row.successes),
        errorCount: Number(row.errors),
        lastRunAt: row.last_run_at,
        averageTicks: row.average_ticks === null ? null : BigInt(row.average_ticks),
      },
    ]),
  );
}

export type Today = { spentUsd: string; finished: number; failed: number };

/** What ended today; a day is UTC's. */
export async function readToday(ctx: { db: Db }): Promise<Today> {
  const { sql } = ctx.db;
  const [row] = await sql<{ spent: string; finished: string; failed: string }[]>`
    select coalesce(sum(spent), 0)::numeric(24, 12) as spent, coalesce(sum(succeeded), 0) as finished,
      coalesce(sum(failed), 0) as failed
    from (
      select day, spent, succeeded, failed from model_days
      union all
      select day, spent, succeeded, failed from (${endedSinceFold(sql)}) fresh
    ) counted
    where day = (now() at time zone 'UTC')::date`;
  return {
    spentUsd: row?.spent ?? '0.000000000000',
    finished: Number(row?.finished ?? 0),
    failed: Number(row?.failed ?? 0),
  };
}

/** The recent average of slot-seconds that a success of each model took. Models without one are missing. */
export async function readExpectedSeconds(
  tx: Transaction,
  modelIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await tx<{ id: string; seconds: number }[]>`
    select model_id as id, (sum(succeeded_ticks) / sum(succeeded) / 10000)::float8 as seconds
    from model_days
    where model_id = any(${modelIds}) and day >= (now() at time zone 'UTC')::date - 1
    group by model_id having sum(succeeded) > 0`;
  return new Map(rows.map(({ id, seconds }) => [id, seconds]));
}

function endedSinceFold(tx: Transaction) {
  return endedByDay(tx, tx`(select until from figures_folded)`, 'infinity');
}

/** What ended from one moment to another, the latter excluded. */
function endedByDay(tx: Transaction, from: string | ReturnType<Transaction>, to: string) {
  const start = typeof from === 'string' ? tx`${from}::text::timestamptz` : from;
  return tx`
    select model_id, (coalesce(postprocess_ended_at, cancelled_at) at time zone 'UTC')::date as day,
      count(*)::int as ended,
      (count(*) filter (where outcome = 'succeeded'))::int as succeeded,
      (count(*) filter (where outcome in ('failed', 'rejected', 'expired')))::int as failed,
      coalesce(floor(sum(extract(epoch from ended_at - accepted_at) * 10000)
        filter (where outcome = 'succeeded')), 0)::bigint as ticks,
      sum(total_cost) as spent, max(queued_at) as last_queued_at
    from tasks
    where outcome is not null and coalesce(postprocess_ended_at, cancelled_at) >= ${start}
      and coalesce(postprocess_ended_at, cancelled_at) < ${to}::text::timestamptz
    group by 1, 2`;
}
