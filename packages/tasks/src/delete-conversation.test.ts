import type { Db } from '@runfleet/db';
import { expect } from 'vitest';

import { finishTask } from './carry-task.ts';
import { createTask } from './create-task.ts';
import { deleteContents } from './delete-contents.ts';
import { deleteConversation } from './delete-conversation.ts';
import { failure } from './life/decide.ts';
import { listConversations, readConversation } from './read/list-conversations.ts';
import { answer, expectBalancedBooks, running } from './testing-life.ts';
import { aTask, aWorker, createTenant, type Tenant, testWithTasks } from './testing.ts';

const SECRET = 'tangerine';

const test = testWithTasks.extend('talk', async ({ ctx, db, store, tenant }) => {
  const worker = await aWorker(store, 100);
  const deleteObject = async () => {};
  const begin = (sessionId = SECRET, of: Tenant = tenant) =>
    createTask(ctx, {
      ...aTask(of, { parameters: { prompt: SECRET } }),
      conversation: {
        sessionId,
        userId: 'ann',
        previousTaskToken: null,
        givesSystemPrompt: false,
        callIds: [],
      },
    });
  return {
    deleteObject,
    begin,
    say: async (sessionId?: string) => {
      const task = await begin(sessionId);
      const result = { ...answer, output: SECRET };
      await finishTask(ctx, await running(ctx, task.id, worker), { result });
      return task;
    },
    fail: async () => {
      const { id } = await begin();
      const result = failure('failed', SECRET);
      await finishTask(ctx, await running(ctx, id, worker), { result });
    },
    list: () =>
      listConversations(
        { db },
        {
          ...tenant,
          sessionId: null,
          userId: null,
          start: 0,
          limit: 10,
          order: 'DESC',
        },
      ),
    remove: (id: string, of: Tenant = tenant) =>
      deleteConversation({ db, deleteObject }, { ...of, id }),
  };
});

async function tablesWithSecret({ sql }: Db): Promise<string[]> {
  const found = [];
  for (const name of ['tasks', 'task_events', 'conversations']) {
    const rows = await sql`
      select 1 from ${sql(name)} t where t::text like ${`%${SECRET}%`} limit 1`;
    if (rows.length > 0) found.push(name);
  }
  return found;
}

test('a conversation is deleted with the contents of all its turns; the bills stay', async ({
  ctx,
  db,
  tenant,
  talk,
}) => {
  for (let turn = 1; turn <= 3; turn += 1) await talk.say();
  await talk.fail();
  const [conversation] = (await talk.list()).conversations;
  const id = conversation?.id ?? '';
  expect(conversation).toMatchObject({ sessionId: SECRET, userId: 'ann', turns: 3 });
  expect(await tablesWithSecret(db)).toEqual(['tasks', 'task_events', 'conversations']);

  expect(await talk.remove(id)).toBe(4);
  expect(await tablesWithSecret(db)).toEqual([]);
  expect(await talk.remove(id)).toBe(0);
  expect(await talk.list()).toEqual({ total: 0, conversations: [] });
  await expectBalancedBooks(db, tenant.organisationId);
  const asked = { ...tenant, id, start: 0, limit: 10, order: 'ASC' } as const;
  await expect(readConversation(ctx, asked)).rejects.toMatchObject({
    kind: 'conversation_not_found',
  });

  // The session begins again.
  await talk.say();
  expect((await talk.list()).conversations).toMatchObject([{ turns: 1 }]);
  expect((await talk.list()).conversations[0]?.id).not.toBe(id);
});

test('a deletion in batches deletes every turn', async ({ db, talk, tenant }) => {
  await talk.say();
  const id = (await talk.list()).conversations[0]?.id ?? '';
  // Ended turns with the contents of the first one.
  await db.sql`
    insert into tasks (organisation_id, project_id, owner_id, token, model_id, pool, parameters, seed,
      timeout_seconds, status, epoch, seq, changed_at, queued_at, price_version, cps, held, outcome,
      conversation_id, turn)
    select organisation_id, project_id, owner_id, token || n, model_id, pool, parameters, seed,
      timeout_seconds, status, epoch, seq, changed_at, queued_at, price_version, cps, held, outcome,
      conversation_id, n
    from tasks, generate_series(2, 120) n where conversation_id = ${id}`;
  expect(await talk.remove(id)).toBe(120);
  expect(await tablesWithSecret(db)).toEqual([]);
  expect(tenant).toBeDefined();
});

test('a conversation is not deleted while a turn runs', async ({ ctx, db, talk }) => {
  await talk.say();
  const { id: taskId } = await talk.begin();
  const id = (await talk.list()).conversations[0]?.id ?? '';
  await expect(talk.remove(id)).rejects.toMatchObject({ kind: 'turn_running', taskId });
  expect((await talk.list()).conversations).toMatchObject([
    { id, turns: 1, runningTaskId: taskId },
  ]);
  expect(await tablesWithSecret(db)).toContain('conversations');
  expect(ctx).toBeDefined();
});

test('another project, tenant or an unknown id deletes nothing', async ({ db, talk, tenant }) => {
  await talk.say();
  const id = (await talk.list()).conversations[0]?.id ?? '';
  const stranger = await createTenant(db);
  expect(await talk.remove(id, stranger)).toBe(0);
  expect(await talk.remove(id, { ...tenant, projectId: stranger.projectId })).toBe(0);
  expect(await talk.remove('999999')).toBe(0);
  expect(await talk.remove("1'")).toBe(0);
  expect((await talk.list()).total).toBe(1);
});

test('a deletion that was cut off is completed by a repeat, and no turn joins it', async ({
  db,
  talk,
  tenant,
}) => {
  const { id: taskId } = await talk.say();
  const id = (await talk.list()).conversations[0]?.id ?? '';
  await db.sql`
    insert into files (id, access_key, organisation_id, task_id, name, content_type, size_bytes,
      storage_key, created_at)
    values ('f', 'k', ${tenant.organisationId}, ${taskId}, 'x', 'text/plain', 1, 'key', now())`;
  const deleteObject = () => Promise.reject(new Error('The disk is away.'));
  await expect(deleteConversation({ db, deleteObject }, { ...tenant, id })).rejects.toThrow('away');
  expect((await talk.list()).total).toBe(0);
  // It begins a new conversation, which does not read the old one.
  const next = await talk.begin();
  const [row] = await db.sql`select parent_id, turn from tasks where id = ${next.id}`;
  expect(row).toEqual({ parent_id: null, turn: 1 });
  expect(await talk.remove(id)).toBe(1);
  expect(await db.sql`select 1 from conversations`).toHaveLength(1);
});

test('a conversation goes with the contents of its last turn', async ({ db, talk, tenant }) => {
  const turns = [await talk.say(), await talk.say()];
  for (const [index, { id }] of turns.entries()) {
    expect((await talk.list()).total).toBe(1);
    const reference = { id };
    await deleteContents({ db, deleteObject: talk.deleteObject }, { ...tenant, reference });
    expect(await db.sql`select 1 from conversations`).toHaveLength(index === 0 ? 1 : 0);
  }
  expect(await tablesWithSecret(db)).toEqual([]);
});

test('a deletion and turns at once leave no turn without its conversation', async ({
  ctx,
  db,
  talk,
  tenant,
}) => {
  for (let round = 0; round < 10; round += 1) {
    const { id } = await talk.say();
    const [begun] = await Promise.allSettled([
      talk.begin(),
      deleteContents({ db, deleteObject: talk.deleteObject }, { ...tenant, reference: { id } }),
    ]);
    expect(begun.status).toBe('fulfilled');
    expect(
      await db.sql`
      select 1 from tasks t where conversation_id is not null
        and not exists (select from conversations c where c.id = t.conversation_id)`,
    ).toEqual([]);
    if (begun.status === 'fulfilled') {
      const worker = await aWorker(ctx.store);
      const result = { ...answer, output: SECRET };
      await finishTask(ctx, await running(ctx, begun.value.id, worker), { result });
    }
  }
});
