import type { ExportAnswer, ExportListAnswer } from '@runfleet/protocol';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import { startExports } from '../../../exports/start-exports.ts';
import { RUN, type Tenant, testWithApi as test } from '../../../testing.ts';

const PERIOD = () => {
  const to = Math.ceil(Date.now() / 1_000) + 60;
  return { from: String(to - 3_600), to: String(to) };
};

test('an export is ordered, followed, listed and downloaded by its organisation only', async ({
  api,
  tenant,
}) => {
  await using _exports = startExports(api.ctx, 1);
  const call = async <Answer>(name: string, body: object, by: Tenant = tenant) =>
    (await api.call(by, `/v1/Export/${name}`, body)).body as Answer;
  const { taskid } = (await api.call(tenant, RUN, { prompt: 'Hello' })).body;
  await api.call(tenant, '/v1/Task/Cancel', { taskid });
  const ordered = await call<ExportAnswer>('Create', { type: 'tasks', ...PERIOD() });
  const { id } = ordered.export;
  const finished = await eventually(async () => {
    const answer = await call<ExportAnswer>('Detail', { id });
    expect(answer.export.status).toBe('finished');
    return answer.export;
  });
  expect(finished).toMatchObject({ rowsdone: '1', rowstotal: '1', error: '' });
  const list = await call<ExportListAnswer>('List', {});
  expect(list.exportlist.map((each) => each.id)).toEqual([id]);

  const path = new URL(finished.url).pathname;
  // A call of a key that needs signatures, a link of the dashboard, and a person of another tenant.
  const member = await api.signIn(tenant.organisationId);
  const download = await api.request(path, { headers: { cookie: member.cookie } });
  expect(download.status).toBe(200);
  expect(download.headers.get('content-disposition')).toContain(`tasks-${id}.csv`);
  expect(download.text).toContain(`${String(taskid)},microsoft/Phi-3.5-mini-instruct,cancelled,`);
  expect(download.text).not.toContain('Hello');

  const other = await api.createTenant();
  const stranger = await api.signIn(other.organisationId);
  expect((await api.request(path, { headers: { cookie: stranger.cookie } })).status).toBe(404);
  expect((await api.request(path)).status).toBe(401);
  expect((await call<ExportAnswer>('Detail', { id }, other)).result).toBe(false);
  expect((await call<ExportAnswer>('Cancel', { id }, other)).result).toBe(false);
});

test('an export can be cancelled before it is written', async ({ api, tenant }) => {
  const ordered = (await api.call(tenant, '/v1/Export/Create', { type: 'bills', ...PERIOD() }))
    .body as ExportAnswer;
  expect(ordered.export).toMatchObject({ status: 'queued', format: 'csv', url: '' });
  const { id } = ordered.export;
  const cancelled = (await api.call(tenant, '/v1/Export/Cancel', { id })).body as ExportAnswer;
  expect(cancelled.export.status).toBe('cancelled');
});

test.for([
  ['no type', {}, 'type'],
  ['an unknown type', { type: 'prompts' }, 'tasks or bills'],
  ['no period', { type: 'tasks' }, 'from'],
  ['a period of years', { type: 'tasks', from: '0', to: '1700000000' }, '366 days'],
  ['another format', { type: 'tasks', format: 'xlsx', ...PERIOD() }, 'csv or jsonl'],
] as const)(
  'an export with %s is refused, with the reason',
  async ([, body, reason], { api, tenant }) => {
    const { text } = await api.call(tenant, '/v1/Export/Create', body);
    expect(text).toContain(reason);
  },
);
