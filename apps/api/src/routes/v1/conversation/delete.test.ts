import { expect } from 'vitest';

import { RUN } from '../../../testing.ts';
import { testWithConversations as test } from './testing.ts';

test('a conversation is deleted once, and its session begins again', async ({ api, talk }) => {
  await talk.say('a');
  const { token } = await talk.say('b');
  const [conversation] = (await talk.ask('List', {})).conversationlist;
  const conversationid = conversation?.['id'];
  const stranger = await api.createTenant();
  expect(await talk.ask('Delete', { conversationid }, stranger)).toMatchObject({ deleted: '0' });
  expect(await talk.ask('Delete', { conversationid })).toEqual({
    errors: [],
    deleted: '2',
    result: true,
  });
  expect(await talk.ask('Delete', { conversationid })).toMatchObject({ deleted: '0' });
  expect(await talk.ask('List', {})).toMatchObject({ total: '0' });

  const gone = await talk.begin({ prompt: 'c', previousTaskToken: token });
  expect(gone.body).toMatchObject({ result: false, errors: [{ code: 0 }] });
  const next = await talk.say('c');
  const { conversationlist } = await talk.ask('List', {});
  expect(conversationlist).toMatchObject([{ turns: '1' }]);
  const detail = await talk.ask('Detail', { conversationid: conversationlist[0]?.['id'] });
  expect(detail.turnlist).toMatchObject([{ taskid: next.id, turn: '1', previoustaskid: '' }]);
});

test('a second turn, and a deletion, are refused while a turn runs, with its task', async ({
  api,
  tenant,
  talk,
}) => {
  const { id: taskid } = await talk.begin({ prompt: 'a' });
  const message = `Task ${taskid} of this conversation has not ended. Wait for its end, or kill it.`;
  const refused = { errors: [{ code: 94, message }], taskid, result: false };
  const turn = { prompt: 'b', session_id: 's' };
  for (const path of [RUN, `${RUN}/sync`]) {
    const { status, body } = await api.call(tenant, path, turn);
    expect({ status, body }).toEqual({ status: 409, body: refused });
  }
  const { conversationlist } = await talk.ask('List', {});
  const conversationid = conversationlist[0]?.['id'];
  expect(await talk.ask('Delete', { conversationid })).toEqual(refused);

  await api.call(tenant, '/v1/Task/Kill', { taskid });
  expect(await talk.ask('Delete', { conversationid })).toMatchObject({ deleted: '1' });
});
