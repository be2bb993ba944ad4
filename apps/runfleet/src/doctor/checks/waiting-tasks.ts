import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askPostgres } from './ask-postgres.ts';

/**
 * Checks that every pool with queued tasks has a worker that takes tasks. A quarantine ends without
 * an operator, a drain does not.
 */
export function checkWaitingTasks(ctx: CheckContext): Promise<Finding> {
  return askPostgres(ctx, async (sql) => {
    const unserved = await sql<{ pool: string; isDrained: boolean }[]>`
      with recursive pools as (
        select min(queued_in) as pool from tasks where queued_in is not null
        union all
        select (select min(queued_in) from tasks where queued_in > pool) from pools
        where pool is not null
      )
      select pool, exists (
        select from workers where state = 'draining' and pool = any(pools)) as "isDrained"
      from pools where pool is not null and not exists (
        select from workers where state in ('ready', 'quarantined') and pool = any(pools))`;
    if (unserved.length === 0) return ok('every pool with queued tasks has a worker');
    const pools = unserved.map(({ pool }) => pool).join(', ');
    return unserved.some(({ isDrained }) => isDrained)
      ? problem(
          `tasks wait, and the only workers are drained: ${pools}`,
          'Restart the process of a drained worker, or start another worker.',
        )
      : problem(
          `tasks wait, and no worker serves them: ${pools}`,
          'Start a worker that serves this model, or stop the tasks.',
        );
  });
}
