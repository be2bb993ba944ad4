import { createProject } from '@runfleet/identity';
import { expect } from 'vitest';

import { testWithConversations as test } from './testing.ts';

test('lists the conversations of the project, newest first', async ({ talk }) => {
  await talk.say('a');
  await talk.say('b');
  const { id } = await talk.begin({ prompt: 'c', session_id: 't', user_id: 'ann' });
  const all = await talk.ask('List', {});
  expect(Object.keys(all)).toEqual(['total', 'errors', 'conversationlist', 'result']);
  expect(all).toMatchObject({
    total: '2',
    conversationlist: [
      { session_id: 't', user_id: 'ann', turns: '0', runningtaskid: id },
      {
        session_id: 's',
        user_id: '',
        turns: '2',
        runningtaskid: '',
        modelid: '598',
        modelslugowner: 'microsoft',
        modelslugproject: 'Phi-3.5-mini-instruct',
      },
    ],
  });
  const second = await talk.ask('List', { start: '1', limit: '1' });
  expect(second).toMatchObject({ total: '2', conversationlist: [{ session_id: 's' }] });
  expect((await talk.ask('List', { order: 'ASC' })).conversationlist).toMatchObject([
    { session_id: 's' },
    { session_id: 't' },
  ]);
});

test('filters by session and user, and refuses other values by name', async ({ talk }) => {
  await talk.say('a');
  await talk.say('b', { user_id: 'ann' });
  await talk.say('c', { user_id: 'ann', session_id: 't' });
  const totals = [{ session_id: 's' }, { user_id: 'ann' }, { session_id: 's', user_id: 'ann' }, {}];
  const found = await Promise.all(totals.map((filter) => talk.ask('List', filter)));
  expect(found.map(({ total }) => total)).toEqual(['2', '2', '1', '3']);
  for (const name of ['session_id', 'user_id']) {
    for (const value of [7, ['s'], 'x'.repeat(257), 'a\0']) {
      const refused = await talk.ask('List', { [name]: value });
      expect(refused.errors[0]?.message).toContain(`[${name}]`);
    }
  }
});

test('another project and another tenant see none', async ({ api, tenant, talk }) => {
  await talk.say('a');
  const { organisationId, ownerId } = tenant;
  const owned = { organisationId, ownerId, name: 'Other', authType: 'signature' } as const;
  const project = { ...tenant, ...(await createProject(api.ctx, owned)) };
  for (const owner of [project, await api.createTenant()]) {
    expect(await talk.ask('List', {}, owner)).toMatchObject({ total: '0', conversationlist: [] });
  }
});
