import type { Db } from '@runfleet/db';
import { answerEnd, CALL_FORMATS, writeCalls } from '@runfleet/protocol';
import { expect } from 'vitest';

import { finishTask, openRunReader } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { deleteContents } from '../delete-contents.ts';
import { killTask } from '../kill-task.ts';
import { failure } from '../life/decide.ts';
import type { NewTask } from '../life/new-task.ts';
import type { TaskResult } from '../life/task-state.ts';
import { readHistory } from '../read/read-history.ts';
import { answer, expectBalancedBooks, running } from '../testing-life.ts';
import { aTask, aWorker, createTenant, type Tenant, testWithTasks } from '../testing.ts';
import { openTaskStore } from './task-store.ts';

type Name = Partial<NonNullable<NewTask['conversation']>>;

const aTurn = (tenant: Tenant, prompt: string, name: Name = {}, changes: Partial<NewTask> = {}) =>
  aTask(tenant, {
    parameters: { prompt },
    conversation: {
      sessionId: 's',
      userId: '',
      previousTaskToken: null,
      givesSystemPrompt: false,
      callIds: [],
      ...name,
    },
    ...changes,
  });

const test = testWithTasks.extend('talk', async ({ ctx, db, store, tenant }) => {
  const worker = await aWorker(store, 100);
  const finish = async (id: string, result: TaskResult) => {
    await finishTask(ctx, await running(ctx, id, worker), { result });
  };
  const succeed = (id: string, text: string) => finish(id, { ...answer, output: text });
  return {
    finish,
    succeed,
    /** A turn that succeeds. Its answer is its prompt in capitals. */
    say: async (prompt: string, name: Name = {}, changes: Partial<NewTask> = {}) => {
      const task = await createTask(ctx, aTurn(tenant, prompt, name, changes));
      await succeed(task.id, prompt.toUpperCase());
      return task;
    },
    historyOf: async (id: string) => {
      const task = await openRunReader({ db })(id);
      if (!task) throw new Error(`Task ${id} is not there.`);
      return readHistory({ db }, task);
    },
  };
});

const textsOf = ({ turns }: Awaited<ReturnType<typeof readHistory>>) =>
  turns.map(({ parameters, answer: text }) => `${String(parameters['prompt'])}/${text}`);

async function countTasks({ sql }: Db): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::int as count from tasks`;
  return row?.count ?? -1;
}

test('a turn reads the turns before it, in order', async ({ ctx, db, tenant, talk }) => {
  await talk.say('a');
  await talk.say('b');
  const { id } = await createTask(ctx, aTurn(tenant, 'c'));
  expect(textsOf(await talk.historyOf(id))).toEqual(['a/A', 'b/B']);
  const turns = await db.sql`select turn from tasks order by id`;
  expect(turns.map(({ turn }) => turn as number)).toEqual([1, 2, 3]);
  const conversations = await db.sql`select session_id from conversations`;
  expect(conversations).toEqual([{ session_id: 's' }]);
});

test('a task without a session is no turn and has no conversation', async ({ ctx, db, tenant }) => {
  await createTask(ctx, aTask(tenant));
  expect(await db.sql`select 1 from tasks where conversation_id is not null`).toEqual([]);
  expect(await db.sql`select 1 from conversations`).toEqual([]);
});

test('only turns of the same project, model, user and session are read', async ({
  ctx,
  db,
  tenant,
  talk,
}) => {
  await talk.say('a');
  const [other] = await db.sql<{ id: string }[]>`
    insert into projects (organisation_id, owner_id, name, auth_type, key_hash, key_hint)
    values (${tenant.organisationId}, ${tenant.ownerId}, 'Other', 'apikey', 'x', 'hint')
    returning id`;
  const model = { ...aTask(tenant).model, id: '599' };
  const stranger = await createTenant(db);
  const others = [
    aTurn(tenant, 'b', { sessionId: 't' }),
    aTurn(tenant, 'b', { userId: 'ann' }),
    aTurn(tenant, 'b', {}, { model }),
    aTurn({ ...tenant, projectId: other?.id ?? '' }, 'b'),
    aTurn(stranger, 'b'),
  ];
  for (const task of others) {
    const { id } = await createTask(ctx, task);
    expect(textsOf(await talk.historyOf(id))).toEqual([]);
  }
  expect(await db.sql`select 1 from conversations`).toHaveLength(6);
});

test('a second turn is refused while one has not ended, with its task', async ({
  ctx,
  tenant,
  db,
}) => {
  const { id } = await createTask(ctx, aTurn(tenant, 'a'));
  const second = createTask(ctx, aTurn(tenant, 'b'));
  await expect(second).rejects.toMatchObject({ kind: 'turn_running', taskId: id });
  expect(await countTasks(db)).toBe(1);
  await expectBalancedBooks(db, tenant.organisationId);
});

test('of many turns at once in two processes one is accepted', async ({ db, queue, tenant }) => {
  const stores = [1, 2].map(() => openTaskStore({ db, queue, announce: () => {} }));
  const runs = stores.flatMap((store) =>
    Array.from({ length: 25 }, (_, n) => createTask({ store }, aTurn(tenant, `${n}`))),
  );
  const created = await Promise.allSettled(runs);
  const accepted = created.flatMap((run) => (run.status === 'fulfilled' ? [run.value.id] : []));
  const refused = created.flatMap((run) => (run.status === 'rejected' ? [run.reason] : []));
  expect(accepted).toHaveLength(1);
  expect(refused).toHaveLength(49);
  for (const error of refused) {
    expect(error).toMatchObject({ kind: 'turn_running', taskId: accepted[0] });
  }
  expect(await countTasks(db)).toBe(1);
  expect(await db.sql`select 1 from conversations`).toHaveLength(1);
  await expectBalancedBooks(db, tenant.organisationId);
  await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
});

test('Postgres refuses a second live turn, whatever a process believes', async ({
  ctx,
  db,
  tenant,
}) => {
  const { id } = await createTask(ctx, aTurn(tenant, 'a'));
  const other = await createTask(ctx, aTask(tenant));
  const taken = db.sql`
    update tasks set conversation_id = (select conversation_id from tasks where id = ${id})
    where id = ${other.id}`;
  await expect(taken).rejects.toMatchObject({ constraint_name: 'tasks_live_turn' });
});

test('a repeated turn of one key gets its task while it runs', async ({ ctx, tenant }) => {
  const idempotency = { key: 'k', requestHash: Buffer.alloc(32) };
  const turn = aTurn(tenant, 'a', {}, { idempotency });
  const first = await createTask(ctx, turn);
  expect(await createTask(ctx, turn)).toEqual({ ...first, isRepeat: true });
});

test.for(['failed', 'rejected', 'expired'] as const)(
  'a turn that %s frees the session and is no history',
  async (outcome, { ctx, tenant, talk }) => {
    await talk.say('a');
    const { id } = await createTask(ctx, aTurn(tenant, 'b'));
    await talk.finish(id, failure(outcome, 'No.'));
    const next = await createTask(ctx, aTurn(tenant, 'c'));
    expect(textsOf(await talk.historyOf(next.id))).toEqual(['a/A']);
  },
);

test('a killed turn frees the session and is no history', async ({ ctx, tenant, talk }) => {
  await talk.say('a');
  const { id } = await createTask(ctx, aTurn(tenant, 'b'));
  await killTask(ctx, { ...tenant, reference: { id } });
  const next = await createTask(ctx, aTurn(tenant, 'c'));
  expect(textsOf(await talk.historyOf(next.id))).toEqual(['a/A']);
});

test('a named turn is continued, and later ones are no history', async ({ ctx, tenant, talk }) => {
  const first = await talk.say('a');
  await talk.say('b');
  const branch = await talk.say('c', { previousTaskToken: first.token });
  const onBranch = await createTask(ctx, aTurn(tenant, 'd'));
  expect(textsOf(await talk.historyOf(branch.id))).toEqual(['a/A']);
  // The latest turn is the one that began last, on whatever branch.
  expect(textsOf(await talk.historyOf(onBranch.id))).toEqual(['a/A', 'c/C']);
});

test('a turn that did not succeed, or of another conversation, cannot be continued', async ({
  ctx,
  tenant,
  talk,
  db,
}) => {
  const failed = await createTask(ctx, aTurn(tenant, 'a'));
  await talk.finish(failed.id, failure('failed', 'No.'));
  const ended = await talk.say('b');
  const session = await talk.say('c', { sessionId: 't' });
  const user = await talk.say('d', { userId: 'ann' });
  const deleted = await talk.say('e');
  await deleteContents(
    { db, deleteObject: async () => {} },
    { ...tenant, reference: { id: deleted.id } },
  );
  const single = await createTask(ctx, aTask(tenant));
  const others = [failed.token, session.token, user.token, deleted.token, single.token];
  for (const previousTaskToken of [...others, 'A'.repeat(30)]) {
    await expect(createTask(ctx, aTurn(tenant, 'x', { previousTaskToken }))).rejects.toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('[prev'),
    });
  }
  const stranger = await createTenant(db);
  const theirs = aTurn(stranger, 'x', { previousTaskToken: ended.token });
  await expect(createTask(ctx, theirs)).rejects.toMatchObject({ kind: 'invalid_request' });
  expect(await db.sql`select 1 from conversations`).toHaveLength(3);
  await createTask(ctx, aTurn(tenant, 'x', { previousTaskToken: ended.token }));
});

const CALLS = ['a', 'b'].map((name) => ({ name, arguments: '{}' }));
const CALLING: TaskResult = {
  ...answer,
  output: writeCalls(CALLS, CALL_FORMATS.hermes),
  outputs: [
    {
      contenttype: 'raw',
      content: {
        prompt: '',
        raw: '',
        thinking: [],
        answer: [],
        calls: 'hermes',
        ...answerEnd({ ...answer, finishReason: 'tool_calls', cachedTokens: 0, thinkingTokens: 0 }),
      },
    },
  ],
};

test('outputs of tools continue a turn that asks for exactly these calls', async ({
  ctx,
  tenant,
  talk,
}) => {
  const asked = await createTask(ctx, aTurn(tenant, 'a'));
  await talk.finish(asked.id, CALLING);
  const [first, second] = [1, 2].map((count) => `call_${asked.id}_${count}`);
  const answers = (callIds: unknown[], previousTaskToken = asked.token) =>
    createTask(ctx, aTurn(tenant, '', { previousTaskToken, callIds: callIds.map(String) }));
  const refusals = [
    { ids: [first], message: `[toolOutputs] must have an output for the call ${second}` },
    { ids: [second], message: `[toolOutputs] must have an output for the call ${first}` },
    {
      ids: [first, second, 'call_999_1'],
      message: '[toolOutputs[2].call_id] must be one of the calls',
    },
    { ids: ['call_999_1'], message: '[toolOutputs[0].call_id] must be one of the calls' },
  ];
  for (const { ids, message } of refusals) {
    await expect(answers(ids)).rejects.toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining(message),
    });
  }

  // The order does not matter, and the calls can be answered again, on another branch.
  const said = await answers([second, first]);
  await talk.succeed(said.id, 'Done.');
  const again = await answers([first, second]);
  await talk.succeed(again.id, 'Done again.');
  expect((await talk.historyOf(again.id)).turns).toMatchObject([{ id: asked.id, calls: 'hermes' }]);
  await expect(answers([first], said.token)).rejects.toMatchObject({
    message: expect.stringContaining(
      '[toolOutputs] cannot continue a task whose answer asks for no',
    ),
  });
});

test('a cut answer asks for no calls, however whole they are', async ({
  ctx,
  tenant,
  talk,
  db,
}) => {
  const { id, token } = await createTask(ctx, aTurn(tenant, 'a'));
  await talk.finish(id, CALLING);
  await db.sql`
    update tasks set outputs = replace(outputs::text, '"tool_calls"', '"length"')::json where id = ${id}`;
  const turn = aTurn(tenant, '', { previousTaskToken: token, callIds: [`call_${id}_1`] });
  await expect(createTask(ctx, turn)).rejects.toMatchObject({
    message: expect.stringContaining(
      '[toolOutputs] cannot continue a task whose answer asks for no',
    ),
  });
});

test('repeated outputs of one key get their task, also after the calls were deleted', async ({
  ctx,
  tenant,
  talk,
  db,
}) => {
  const { id, token } = await createTask(ctx, aTurn(tenant, 'a'));
  await talk.finish(id, CALLING);
  const callIds = [1, 2].map((count) => `call_${id}_${count}`);
  const idempotency = { key: 'k', requestHash: Buffer.alloc(32) };
  const turn = aTurn(tenant, '', { previousTaskToken: token, callIds }, { idempotency });
  const first = await createTask(ctx, turn);
  await deleteContents({ db, deleteObject: async () => {} }, { ...tenant, reference: { id } });
  expect(await createTask(ctx, turn)).toEqual({ ...first, isRepeat: true });
});

test('a turn whose contents were deleted is no history, and the others are', async ({
  ctx,
  db,
  tenant,
  talk,
}) => {
  await talk.say('a', { givesSystemPrompt: true });
  const middle = await talk.say('b');
  await talk.say('c');
  const forget = (id: string) =>
    deleteContents({ db, deleteObject: async () => {} }, { ...tenant, reference: { id } });
  await forget(middle.id);
  const next = await createTask(ctx, aTurn(tenant, 'd'));
  expect(textsOf(await talk.historyOf(next.id))).toEqual(['a/A', 'c/C']);
  // What runs already reads what is left when it begins.
  const [first] = await db.sql<{ id: string }[]>`select id from tasks order by id limit 1`;
  await forget(first?.id ?? '');
  expect(await talk.historyOf(next.id)).toMatchObject({ system: null, turns: [{ number: 3 }] });
});

test('a turn that is gone ends the history', async ({ ctx, db, tenant, talk }) => {
  await talk.say('a');
  const gone = await talk.say('b');
  await talk.say('c');
  const next = await createTask(ctx, aTurn(tenant, 'd'));
  await db.sql`delete from tasks where id = ${gone.id}`;
  expect(textsOf(await talk.historyOf(next.id))).toEqual(['c/C']);
});

test('turns that an earlier turn dropped are not read; their system prompt is', async ({
  ctx,
  tenant,
  talk,
}) => {
  await talk.say('a', { givesSystemPrompt: true });
  await talk.say('b');
  const third = await createTask(ctx, aTurn(tenant, 'c'));
  const history = { turns: 1, tokens: 3, dropped: 1 };
  await talk.finish(third.id, { ...answer, output: 'C', history });
  const next = await createTask(ctx, aTurn(tenant, 'd'));
  const read = await talk.historyOf(next.id);
  expect(textsOf(read)).toEqual(['b/B', 'c/C']);
  expect(read).toMatchObject({ system: { parameters: { prompt: 'a' } }, dropped: 1 });
  const own = await createTask(
    ctx,
    aTurn(tenant, 'x', { sessionId: 't', givesSystemPrompt: true }),
  );
  expect(await talk.historyOf(own.id)).toMatchObject({ system: null });
});

test('a turn prefers the worker of its conversation, unless the caller chose a session', async ({
  db,
  talk,
}) => {
  await talk.say('a');
  await talk.say('b', {}, { affinity: 'mine' });
  const rows = await db.sql`select affinity, conversation_id as id from tasks order by id`;
  expect(rows[0]?.['affinity']).toBe(`conversation ${String(rows[0]?.['id'])}`);
  expect(rows[1]?.['affinity']).toBe('mine');
});

test('a price that counts the prompt is held for the history, too', async ({
  ctx,
  db,
  tenant,
  talk,
}) => {
  const price = {
    version: 'tokens/1',
    method: 'token',
    parts: { input: '0.01', output: '0.01' },
  } as const;
  const model = { ...aTask(tenant).model, price };
  const limits = { promptTokens: 100, outputTokens: 50 };
  await talk.say('a', {}, { model, limits });
  const { id } = await createTask(ctx, aTurn(tenant, 'b', {}, { model, limits }));
  const [row] = await db.sql`select limits, held from tasks where id = ${id}`;
  const { promptTokens, completionTokens } = answer;
  expect(row).toEqual({
    limits: { promptTokens: 100 + promptTokens + completionTokens, outputTokens: 50 },
    held: '1.550000000000',
  });
});
