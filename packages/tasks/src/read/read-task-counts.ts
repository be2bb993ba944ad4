import type { Db } from '@runfleet/db';
import { INITIAL_STATUS } from '@runfleet/protocol';

/** How many tasks of a project are in which part of their life. Each task counts once. */
export type TaskCounts = {
  queued: number;
  /** From assign to its end. */
  running: number;
  /** Succeeded. */
  ended: number;
  failed: number;
  /** Cancelled or killed. */
  cancelled: number;
};

export async function readTaskCounts(
  ctx: { db: Db },
  project: { organisationId: string; projectId: string },
): Promise<TaskCounts> {
  const [row] = await ctx.db.sql<TaskCounts[]>`
    select
      count(*) filter (where outcome is null and status = ${INITIAL_STATUS})::float8 as queued,
      count(*) filter (where outcome is null and status <> ${INITIAL_STATUS})::float8 as running,
      count(*) filter (where outcome = 'succeeded')::float8 as ended,
      count(*) filter (where outcome not in ('succeeded', 'cancelled'))::float8 as failed,
      count(*) filter (where outcome = 'cancelled')::float8 as cancelled
    from tasks
    where organisation_id = ${project.organisationId} and project_id = ${project.projectId}`;
  if (!row) throw new Error('Postgres returned no counts.');
  return row;
}
