import type { Turn } from '@runfleet/catalog';
import type { Db } from '@runfleet/db';

import type { TaskFields } from '../store/task-record.ts';

/** What a turn can read of its conversation, oldest turn first. */
export type StoredHistory = {
  /** The turn that gave the system prompt, where it is not the current one. */
  system: Turn | null;
  turns: readonly StoredTurn[];
  /** The oldest turns, which an earlier turn left out. */
  dropped: number;
};

type StoredTurn = Turn & { number: number; bytes: number };

/** Reading stops at these. The oldest turn that is read may go beyond the bytes. */
export const HISTORY_BOUNDS = { turns: 100, bytes: 1_000_000 } as const;

const NO_HISTORY: StoredHistory = { system: null, turns: [], dropped: 0 };

type HistoryKey = 'id' | 'organisationId' | 'conversationId' | 'parentId' | 'systemTurnId';
type Row = StoredTurn & { isEarlier: boolean; dropped: number };

/**
 * The turns before a task, along its parents, in one query. They begin where the parent's own history
 * began: turns that were dropped once stay dropped, so that prompts begin with the same text. A turn
 * whose contents were deleted is passed over, and one that is gone ends the history.
 */
export async function readHistory(
  ctx: { db: Db },
  task: Pick<TaskFields<'run'>, HistoryKey>,
): Promise<StoredHistory> {
  const { id, organisationId, conversationId, parentId, systemTurnId } = task;
  if (conversationId === null || parentId === null) return NO_HISTORY;
  const rows = await ctx.db.sql<Row[]>`
    with recursive chain as (
      select t.id, t.parent_id, coalesce((t.receipt #>> '{history,dropped}')::int, 0) as dropped,
        1 as count, bytes, bytes as sum
      from tasks t cross join lateral (
        select octet_length(t.parameters::text) + octet_length(t.debug_output)
          + coalesce(octet_length(t.file_texts::text), 0) as bytes) size
      where t.id = ${parentId} and t.organisation_id = ${organisationId}
      union all
      select t.id, t.parent_id, c.dropped, c.count + 1, size.bytes, c.sum + size.bytes
      from chain c join tasks t on t.id = c.parent_id cross join lateral (
        select octet_length(t.parameters::text) + octet_length(t.debug_output)
          + coalesce(octet_length(t.file_texts::text), 0) as bytes) size
      where t.organisation_id = ${organisationId} and t.turn > c.dropped
        and c.count < ${HISTORY_BOUNDS.turns} and c.sum < ${HISTORY_BOUNDS.bytes}
    ), wanted as (
      select id, bytes, dropped, true as is_earlier from chain
      union all
      select ${systemTurnId}::bigint, 0, 0, false
      where ${systemTurnId}::bigint <> ${id}
        and not exists (select from chain where id = ${systemTurnId}::bigint)
    )
    select t.id, t.turn as number, t.parameters, t.file_texts as "fileTexts",
      t.debug_output as answer,
      t.outputs #>> '{0,content,calls}' as calls, w.bytes, w.dropped,
      w.is_earlier as "isEarlier"
    from wanted w join tasks t on t.id = w.id
    where t.conversation_id = ${conversationId} and t.organisation_id = ${organisationId}
    order by t.turn`;
  const turns = rows.filter(({ isEarlier }) => isEarlier);
  return {
    system: rows.find((row) => row.id === systemTurnId) ?? null,
    turns,
    dropped: turns[0]?.dropped ?? 0,
  };
}
