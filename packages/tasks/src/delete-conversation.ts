import { lockAccount } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { MESSAGES, RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

import { deleteContentsOf } from './delete-contents.ts';

type Ctx = { db: Db; deleteObject: (key: string) => Promise<void> };

/** Turns of one commit: their events are rewritten in it. */
const BATCH_TURNS = 50;

/**
 * Deletes a conversation and the contents of all its turns, and returns how many there were. From the
 * first commit on, no turn reads or continues it. Repeating it changes nothing, and completes a
 * deletion that was cut off. Throws `turn_running`.
 */
export async function deleteConversation(
  ctx: Ctx,
  input: { organisationId: string; projectId: string; id: string },
): Promise<number> {
  const { organisationId, id } = input;
  if (!TASK_ID_PATTERN.test(id) || !(await close(ctx, input))) return 0;
  let deleted = 0;
  for (;;) {
    const turns = await ctx.db.sql<{ id: string }[]>`
      select id from tasks where conversation_id = ${id} order by id limit ${BATCH_TURNS}`;
    const taskIds = turns.map((turn) => turn.id);
    // Also of the last, empty batch: it deletes the conversation of a deletion that was cut off.
    await deleteContentsOf(ctx, { organisationId, taskIds, conversationId: id });
    deleted += taskIds.length;
    if (taskIds.length < BATCH_TURNS) return deleted;
  }
}

/** Lets no further turn begin. False for a conversation that is gone, or another project's. */
async function close(
  ctx: Ctx,
  { organisationId, projectId, id }: { organisationId: string; projectId: string; id: string },
): Promise<boolean> {
  const [, , conversations] = await ctx.db.sql.begin((tx) => [
    // Turns are created under this lock.
    lockAccount(tx, organisationId),
    tx`
      update conversations set deleted_at = coalesce(deleted_at, clock_timestamp())
      where id = ${id} and project_id = ${projectId} and organisation_id = ${organisationId}
        and not exists (select from tasks where conversation_id = ${id} and outcome is null)`,
    tx<{ liveTaskId: string | null }[]>`
      select (select id from tasks where conversation_id = c.id and outcome is null) as "liveTaskId"
      from conversations c
      where id = ${id} and project_id = ${projectId} and organisation_id = ${organisationId}`,
  ]);
  const [conversation] = conversations;
  const taskId = conversation?.liveTaskId ?? null;
  if (taskId !== null) {
    throw new RunfleetError('turn_running', MESSAGES.turnRunning(taskId), { taskId });
  }
  return conversation !== undefined;
}
