import { expect } from 'vitest';

import { testWithConversations as test } from './testing.ts';

test('shows the turns with their texts, oldest first, and the one that runs', async ({ talk }) => {
  const first = await talk.say('a');
  const second = await talk.say('b');
  const running = await talk.begin({ messages: [{ role: 'user', content: 'c' }] });
  const { conversationlist } = await talk.ask('List', {});
  const conversationid = conversationlist[0]?.['id'];
  const detail = await talk.ask('Detail', { conversationid });
  expect(Object.keys(detail)).toEqual([
    'total',
    'errors',
    'conversationlist',
    'turnlist',
    'result',
  ]);
  expect(detail).toMatchObject({ total: '3', conversationlist });
  expect(detail.turnlist[0]).toEqual({
    taskid: first.id,
    socketaccesstoken: first.token,
    turn: '1',
    previoustaskid: '',
    status: 'task_postprocess_end',
    pexit: '0',
    totalcost: expect.any(String),
    createtime: expect.any(String),
    content: {
      prompt: 'asked for A',
      raw: 'A',
      thinking: [],
      answer: ['A'],
      segments: [{ type: 'answer', text: 'A' }],
      finishreason: 'stop',
      usage: expect.any(Object),
    },
  });
  expect(detail.turnlist.slice(1)).toMatchObject([
    { taskid: second.id, turn: '2', previoustaskid: first.id },
    { taskid: running.id, turn: '3', previoustaskid: second.id, content: { prompt: 'c', raw: '' } },
  ]);
  const page = await talk.ask('Detail', { conversationid, order: 'DESC', start: 1, limit: 1 });
  expect(page).toMatchObject({ total: '3', turnlist: [{ turn: '2' }] });
});

test('a task names its turn; a task without a session does not', async ({ api, tenant, talk }) => {
  const first = await talk.say('a');
  const second = await talk.say('b');
  const { body } = await api.call(tenant, '/v1/Task/Detail', { taskid: second.id });
  const [task] = body['tasklist'] as Record<string, unknown>[];
  expect(task?.['conversation']).toEqual({
    conversationid: (await talk.ask('List', {})).conversationlist[0]?.['id'],
    turn: '2',
    previoustaskid: first.id,
  });
  const single = await talk.begin({ prompt: 'x', session_id: '' });
  const other = await api.call(tenant, '/v1/Task/Detail', { taskid: single.id });
  expect((other.body['tasklist'] as object[])[0]).not.toHaveProperty('conversation');
});

test('long texts are cut, and the turn says so', async ({ talk }) => {
  await talk.say('long '.repeat(20_000));
  const { conversationlist } = await talk.ask('List', {});
  const conversationid = conversationlist[0]?.['id'];
  const cut = await talk.ask('Detail', { conversationid, limit: 100 });
  expect(cut.turnlist[0]).toMatchObject({ shortened: true });
  expect(JSON.stringify(cut).length).toBeLessThan(5_000);
  const whole = await talk.ask('Detail', { conversationid, limit: 1 });
  expect(whole.turnlist[0]).not.toHaveProperty('shortened');
});

test('an unknown conversation, and that of another tenant, is not found', async ({ api, talk }) => {
  await talk.say('a');
  const { conversationlist } = await talk.ask('List', {});
  const conversationid = conversationlist[0]?.['id'];
  const notFound = { errors: [{ code: 1, message: 'conversation-not-exist' }], result: false };
  const stranger = await api.createTenant();
  expect(await talk.ask('Detail', { conversationid }, stranger)).toEqual(notFound);
  for (const other of ['999999', 999_999, 'x', '-1', 2 ** 60, {}]) {
    expect(await talk.ask('Detail', { conversationid: other })).toEqual(notFound);
  }
  expect((await talk.ask('Detail', {})).errors[0]?.message).toContain('[conversationid] required');
});
