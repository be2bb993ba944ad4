import type { Db } from '@runfleet/db';
import { MESSAGES, RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

import { columnSet, selectList } from '../store/column-set.ts';
import type { TaskFields } from '../store/task-record.ts';

/** A task as readers see it. */
export type TaskRow = TaskFields<'detail'>;

export type TaskIdOrToken = { id: string } | { token: string };

export const DETAIL = columnSet('detail');

/** Throws `task_not_found` for an unknown task, and for another tenant's just the same. */
export async function readTask(
  ctx: { db: Db },
  input: { organisationId: string; reference: TaskIdOrToken },
): Promise<TaskRow> {
  const { organisationId, reference } = input;
  const { sql } = ctx.db;
  const isReadable = 'token' in reference || TASK_ID_PATTERN.test(reference.id);
  const [row] = isReadable
    ? await sql`
        select ${sql.unsafe(selectList(DETAIL))} from tasks t
        where organisation_id = ${organisationId}
          and ${'token' in reference ? sql`token = ${reference.token}` : sql`id = ${reference.id}`}`
    : [];
  if (!row) throw new RunfleetError('task_not_found', MESSAGES.taskNotFound);
  return DETAIL.read(row);
}

/** Which tasks tokens stand for, by token: it alone is the authority over a task's socket. */
export async function readTaskIds(
  ctx: { db: Db },
  tokens: readonly string[],
): Promise<Map<string, string>> {
  const rows = await ctx.db.sql<{ token: string; id: string }[]>`
    select token, id from tasks where token = any(${tokens})`;
  return new Map(rows.map(({ token, id }) => [token, id]));
}

/** The token of an organisation's task; null for an unknown task, and for another tenant's just the same. */
export async function readTaskToken(
  ctx: { db: Db },
  task: { organisationId: string; id: string },
): Promise<string | null> {
  if (!TASK_ID_PATTERN.test(task.id)) return null;
  const [row] = await ctx.db.sql<{ token: string }[]>`
    select token from tasks where organisation_id = ${task.organisationId} and id = ${task.id}`;
  return row?.token ?? null;
}
