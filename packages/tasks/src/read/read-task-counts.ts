import type { Db } from '@runfleet/db';
import type { TaskPart } from '@runfleet/protocol';

import { PART_CONDITIONS } from './task-filter.ts';

/** How many tasks of a project are in which part of their life. Each task counts once. */
export type TaskCounts = Record<TaskPart, number>;

const COUNTS = Object.entries(PART_CONDITIONS)
  .map(([part, condition]) => `count(*) filter (where ${condition})::float8 as ${part}`)
  .join(', ');

export async function readTaskCounts(
  ctx: { db: Db },
  project: { organisationId: string; projectId: string },
): Promise<TaskCounts> {
  const { sql } = ctx.db;
  const [row] = await sql<TaskCounts[]>`
    select ${sql.unsafe(COUNTS)} from tasks
    where organisation_id = ${project.organisationId} and project_id = ${project.projectId}`;
  if (!row) throw new Error('Postgres returned no counts.');
  return row;
}
