import type { Db } from '@runfleet/db';
import { MESSAGES, RunfleetError, type TaskEventType } from '@runfleet/protocol';

import { readTask, type TaskIdOrToken, type TaskRow } from './read/read-task.ts';

/**
 * Deletes what a caller sent with a task and what it answered: parameters, output, errors, files, the
 * texts in its events, and its place in a conversation. The record and the bill stay. Repeating it changes nothing.
 * `deleteObject` deletes a stored file, and succeeds for one that is missing.
 * Throws `task_not_found`, also for another tenant's task, and `not_ended`.
 */
export async function deleteContents(
  ctx: { db: Db; deleteObject: (key: string) => Promise<void> },
  input: { organisationId: string; reference: TaskIdOrToken },
): Promise<TaskRow> {
  const { sql } = ctx.db;
  const task = await readTask(ctx, input);
  // A terminal state is final, so what is read here still holds below.
  if (task.outcome === null) throw new RunfleetError('not_ended', MESSAGES.notEnded);
  // Objects go first: a process that dies leaves rows, with which a repeat finds the rest of them.
  const stored = await sql<{ storageKey: string }[]>`
    select storage_key as "storageKey" from files
    where task_id = ${task.id} and storage_key is not null`;
  for (const { storageKey } of stored) await ctx.deleteObject(storageKey);
  await sql.begin((tx) => [
    tx`
      update tasks set parameters = '{}', outputs = '[]', debug_output = '', debug_error = '',
        conversation_id = null
      where id = ${task.id} and outcome is not null`,
    tx`delete from files where task_id = ${task.id}`,
    tx`
      update task_events set payload = case type
        when 'task_output' then json_build_object(
          'raw', '', 'tokens', payload -> 'tokens', 'elapsedMs', payload -> 'elapsedMs')
        when 'task_postprocess_end' then
          json_strip_nulls(json_build_object('outputs', '[]'::json, 'pexit', payload -> 'pexit'))
        else '{"raw":""}' end
      where task_id = ${task.id} and type = any(${[...WITH_TEXT]})`,
  ]);
  return readTask(ctx, { organisationId: input.organisationId, reference: { id: task.id } });
}

const WITH_TEXT: readonly TaskEventType[] = [
  'task_output',
  'task_output_full',
  'task_error',
  'task_error_full',
  'task_postprocess_end',
];
