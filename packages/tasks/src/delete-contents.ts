import { lockAccount } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { MESSAGES, RunfleetError, type TaskEventType } from '@runfleet/protocol';

import { readTask, type TaskIdOrToken, type TaskRow } from './read/read-task.ts';

type Ctx = {
  db: Db;
  /** Deletes a stored file, and succeeds for one that is missing. */
  deleteObject: (key: string) => Promise<void>;
};

/**
 * Deletes what a caller sent with a task and what it answered: parameters, output, errors, files, the
 * texts in its events, and its place in a conversation. The record and the bill stay. Repeating it
 * changes nothing. Throws `task_not_found`, also for another tenant's task, and `not_ended`.
 */
export async function deleteContents(
  ctx: Ctx,
  input: { organisationId: string; reference: TaskIdOrToken },
): Promise<TaskRow> {
  const { organisationId } = input;
  const { id, outcome, conversationId } = await readTask(ctx, input);
  // A terminal state is final, so what is read here still holds below.
  if (outcome === null) throw new RunfleetError('not_ended', MESSAGES.notEnded);
  await deleteContentsOf(ctx, { organisationId, taskIds: [id], conversationId });
  return readTask(ctx, { organisationId, reference: { id } });
}

/** The same of ended tasks of an organisation. A conversation without turns goes with the last one. */
export async function deleteContentsOf(
  ctx: Ctx,
  input: { organisationId: string; taskIds: readonly string[]; conversationId: string | null },
): Promise<void> {
  const { sql } = ctx.db;
  const { organisationId, taskIds, conversationId } = input;
  // Objects go first: a process that dies leaves rows, with which a repeat finds the rest of them.
  const stored = await sql<{ storageKey: string }[]>`
    select storage_key as "storageKey" from files
    where task_id = any(${taskIds}::bigint[]) and storage_key is not null`;
  for (const { storageKey } of stored) await ctx.deleteObject(storageKey);
  await sql.begin((tx) => [
    tx`
      update tasks set parameters = '{}', file_texts = null, outputs = '[]', debug_output = '', debug_error = '',
        conversation_id = null
      where id = any(${taskIds}::bigint[]) and outcome is not null`,
    tx`delete from files where task_id = any(${taskIds}::bigint[])`,
    // The answer of a callback's receiver may repeat what it was sent.
    tx`
      update callback_attempts set body = '' where delivery_id in (
        select id from callback_deliveries where task_id = any(${taskIds}::bigint[]))`,
    tx`
      update task_events set payload = case type
        when 'task_output' then json_build_object(
          'raw', '', 'tokens', payload -> 'tokens', 'elapsedMs', payload -> 'elapsedMs')
        when 'task_postprocess_end' then
          json_strip_nulls(json_build_object('outputs', '[]'::json, 'pexit', payload -> 'pexit'))
        else '{"raw":""}' end
      where task_id = any(${taskIds}::bigint[]) and type = any(${[...WITH_TEXT]})`,
    ...(conversationId === null
      ? []
      : [
          // Turns are created under this lock, so none is added before the commit.
          lockAccount(tx, organisationId),
          tx`
            delete from conversations where id = ${conversationId}
              and not exists (select from tasks where conversation_id = ${conversationId})`,
        ]),
  ]);
}

const WITH_TEXT: readonly TaskEventType[] = [
  'task_output',
  'task_output_full',
  'task_error',
  'task_error_full',
  'task_postprocess_end',
];
