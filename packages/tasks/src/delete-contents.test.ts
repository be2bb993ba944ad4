import type { Db } from '@runfleet/db';
import { expect } from 'vitest';

import { appendOutput, finishTask } from './carry-task.ts';
import { createTask } from './create-task.ts';
import { deleteContents } from './delete-contents.ts';
import { failure } from './life/decide.ts';
import { readTask } from './read/read-task.ts';
import { answer, expectBalancedBooks, logOf, running } from './testing-life.ts';
import { aTask, aWorker, createTenant, testWithTasks } from './testing.ts';

const SECRET = 'tangerine';
const KEY = 'tenant/file';
const FILE = { id: 'f'.repeat(32), accessKey: 'A'.repeat(30), name: `${SECRET}.txt` };

const test = testWithTasks.extend('secret', async ({ ctx, db, store, tenant }) => {
  const { id } = await createTask(ctx, aTask(tenant, { parameters: { prompt: SECRET } }));
  const ticket = await running(ctx, id, await aWorker(store));
  await appendOutput(ctx, ticket, { raw: SECRET, tokens: 1, elapsedMs: 1 });
  return {
    id,
    ticket,
    task: { organisationId: tenant.organisationId, reference: { id } },
    /** Ends it with the secret in its answer and in a stored file. */
    finish: async () => {
      const content = { prompt: SECRET, raw: SECRET, thinking: [], answer: [SECRET] };
      const outputs = [{ contenttype: 'raw' as const, content }];
      await finishTask(ctx, ticket, { result: { ...answer, output: SECRET, outputs } });
      await db.sql`
        insert into files (id, access_key, organisation_id, task_id, name, content_type, size_bytes,
          storage_key, created_at)
        values (${FILE.id}, ${FILE.accessKey}, ${tenant.organisationId}, ${id}, ${FILE.name},
          'text/plain', 1, ${KEY}, now())`;
    },
  };
});

/** Tables in which the secret stands anywhere in a row. */
async function tablesWithSecret({ sql }: Db): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c
    where c.relkind in ('r', 'p') and not c.relispartition
      and c.relnamespace = 'public'::regnamespace`;
  const found = [];
  for (const { name } of tables) {
    const rows = await sql`
      select 1 from ${sql.unsafe(name)} t where t::text like ${`%${SECRET}%`} limit 1`;
    if (rows.length > 0) found.push(name);
  }
  return found.toSorted();
}

test('what a task was sent and answered is deleted from every table and from storage', async ({
  ctx,
  db,
  tenant,
  secret,
}) => {
  await secret.finish();
  const before = await readTask(ctx, secret.task);
  const log = await logOf(db, secret.id);
  expect(await tablesWithSecret(db)).toEqual(['files', 'task_events', 'tasks']);

  const deleted: string[] = [];
  const deleteObject = async (key: string) => void deleted.push(key);
  const after = await deleteContents({ ...ctx, deleteObject }, secret.task);
  expect(await tablesWithSecret(db)).toEqual([]);
  expect(deleted).toEqual([KEY]);

  // The record, the bill and the log's rows stay.
  const gone = { parameters: {}, outputs: [], debugOutput: '', debugError: '' };
  expect(after).toEqual({ ...before, ...gone });
  expect(await logOf(db, secret.id)).toEqual(log);
  await expectBalancedBooks(db, tenant.organisationId);

  expect(await deleteContents({ ...ctx, deleteObject }, secret.task)).toEqual(after);
  expect(deleted).toEqual([KEY]);
});

test('what a callback was answered is deleted, and that it was made stays', async ({
  ctx,
  db,
  tenant,
  secret,
}) => {
  await secret.finish();
  await db.sql`
    with made as (
      insert into callback_deliveries
        (organisation_id, project_id, task_id, event, url, target, due_at, created_at)
      values (${tenant.organisationId}, ${tenant.projectId}, ${secret.id}, 'task.completed',
        'https://example.org/', 'x', now(), now())
      returning id)
    insert into callback_attempts (delivery_id, attempt, at, duration_ms, status, body)
    select id, 1, now(), 5, 200, ${`Got ${SECRET}`} from made`;
  expect(await tablesWithSecret(db)).toContain('callback_attempts');
  await deleteContents({ ...ctx, deleteObject: async () => {} }, secret.task);
  expect(await tablesWithSecret(db)).toEqual([]);
  expect([...(await db.sql`select status, body from callback_attempts`)]).toEqual([
    { status: 200, body: '' },
  ]);
});

test('the error of a task that failed is deleted', async ({ ctx, db, secret }) => {
  const result = failure('rejected', `A ${SECRET} is no prompt.`);
  await finishTask(ctx, secret.ticket, { result });
  const after = await deleteContents({ ...ctx, deleteObject: async () => {} }, secret.task);
  expect(await tablesWithSecret(db)).toEqual([]);
  expect(after).toMatchObject({ outcome: 'rejected', pexit: '2' });
});

test('a deletion that stops at a file deletes nothing else, and a repeat completes it', async ({
  ctx,
  db,
  secret,
}) => {
  await secret.finish();
  const fail = () => Promise.reject(new Error('The disk is away.'));
  await expect(deleteContents({ ...ctx, deleteObject: fail }, secret.task)).rejects.toThrow('away');
  expect(await tablesWithSecret(db)).toEqual(['files', 'task_events', 'tasks']);
  await deleteContents({ ...ctx, deleteObject: async () => {} }, secret.task);
  expect(await tablesWithSecret(db)).toEqual([]);
});

test('the contents of a task that has not ended, or of another tenant, stay', async ({
  ctx,
  db,
  secret,
}) => {
  const deleteObject = () => Promise.reject(new Error('This file may not be deleted.'));
  await expect(deleteContents({ ...ctx, deleteObject }, secret.task)).rejects.toMatchObject({
    kind: 'not_ended',
  });
  await secret.finish();
  const { organisationId } = await createTenant(db);
  await expect(
    deleteContents({ ...ctx, deleteObject }, { ...secret.task, organisationId }),
  ).rejects.toMatchObject({ kind: 'task_not_found' });
  expect(await tablesWithSecret(db)).toEqual(['files', 'task_events', 'tasks']);
});
