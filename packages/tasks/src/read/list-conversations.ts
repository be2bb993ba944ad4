import type { Db, Sql, Statement } from '@runfleet/db';
import { type Micros, MESSAGES, RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

import { type ListedTask, readListed } from './list-tasks.ts';

type Project = { organisationId: string; projectId: string };
type Page = { start: number; limit: number; order: 'ASC' | 'DESC' };

export type Conversation = {
  id: string;
  projectId: string;
  modelId: string;
  userId: string;
  sessionId: string;
  createdAt: Micros;
  /** Its turns that succeeded; counted up to `TURNS_COUNTED_MAX`. */
  turns: number;
  /** The turn that has not ended; null for none. */
  runningTaskId: string | null;
};

const TURNS_COUNTED_MAX = 1_000;

/** A page of a project's conversations by when they began, and how many match in all. */
export async function listConversations(
  ctx: { db: Db },
  filter: Project & Page & { sessionId: string | null; userId: string | null },
): Promise<{ total: number; conversations: Conversation[] }> {
  const { sql } = ctx.db;
  const { sessionId, userId, start, limit, order } = filter;
  const matches = sql`
    project_id = ${filter.projectId} and organisation_id = ${filter.organisationId}
    and deleted_at is null
    ${sessionId === null ? sql`` : sql`and session_id = ${sessionId}`}
    ${userId === null ? sql`` : sql`and user_id = ${userId}`}`;
  const direction = order === 'ASC' ? sql`asc` : sql`desc`;
  const [[counted], conversations] = await Promise.all([
    sql<{ total: string }[]>`select count(*) as total from conversations where ${matches}`,
    selectConversations(
      sql,
      sql`select * from conversations where ${matches}
        order by id ${direction} limit ${limit} offset ${start}`,
      direction,
    ),
  ]);
  return { total: Number(counted?.total ?? 0), conversations };
}

/** A conversation, a page of its turns, and how many it has. Throws `conversation_not_found`. */
export async function readConversation(
  ctx: { db: Db },
  input: Project & Page & { id: string },
): Promise<{ conversation: Conversation; turns: ListedTask[]; total: number }> {
  const { sql } = ctx.db;
  const { id, start, limit, order } = input;
  const direction = order === 'ASC' ? sql`asc` : sql`desc`;
  const [conversation] = TASK_ID_PATTERN.test(id)
    ? await selectConversations(
        sql,
        sql`select * from conversations where id = ${id} and project_id = ${input.projectId}
          and organisation_id = ${input.organisationId} and deleted_at is null`,
        direction,
      )
    : [];
  if (!conversation) {
    throw new RunfleetError('conversation_not_found', MESSAGES.conversationNotFound);
  }
  const [[counted], turns] = await Promise.all([
    sql<{ total: string }[]>`
      select count(*) as total from tasks where conversation_id = ${conversation.id}`,
    readListed(
      ctx,
      sql`select id from tasks where conversation_id = ${conversation.id}
        order by id ${direction} limit ${limit} offset ${start}`,
      { limit, order },
    ),
  ]);
  return { conversation, turns, total: Number(counted?.total ?? 0) };
}

function selectConversations(
  sql: Sql,
  rows: Statement,
  direction: Statement,
): PromiseLike<Conversation[]> {
  return sql<Conversation[]>`
    select c.id, c.project_id as "projectId", c.model_id as "modelId", c.user_id as "userId",
      c.session_id as "sessionId", c.created_at as "createdAt",
      (select count(*)::int from (
        select from tasks where conversation_id = c.id and outcome = 'succeeded'
        limit ${TURNS_COUNTED_MAX}) counted) as turns,
      (select id from tasks where conversation_id = c.id and outcome is null) as "runningTaskId"
    from (${rows}) c order by c.id ${direction}`;
}
