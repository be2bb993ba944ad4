import type { Db } from '@runfleet/db';
import type { Micros } from '@runfleet/protocol';

export type UpkeepRun = {
  name: string;
  /** `died` if the process of a run ended before it reported. */
  state: 'running' | 'succeeded' | 'failed' | 'timed_out' | 'died';
  attempts: number;
  startedAt: Micros;
  endedAt: Micros | null;
  changed: number;
  error: string;
  failures: number;
  succeededAt: Micros | null;
};

/** The last run of every scheduled job, by name. */
export async function listUpkeepRuns(ctx: { db: Db }): Promise<UpkeepRun[]> {
  const rows = await ctx.db.sql<(Omit<UpkeepRun, 'changed'> & { changed: string })[]>`
    select name, attempts, started_at as "startedAt", ended_at as "endedAt", changed, error, failures,
      succeeded_at as "succeededAt",
      case when state = 'running' and leased_until <= clock_timestamp() then 'died' else state end
        as state
    from upkeep_runs order by name`;
  return rows.map((row) => ({ ...row, changed: Number(row.changed) }));
}
