import { expect } from 'vitest';

import { ORIGIN, RUN, testWithApi as test } from '../testing.ts';

const SIGN_IN_REQUIRED = { errors: [{ code: 98, message: 'Sign in to continue.' }], result: false };

test('a session authorises the compatible calls, for the projects of its organisation', async ({
  api,
  tenant,
  db,
}) => {
  const headers = await api.signIn(tenant.organisationId);
  const post = async (path: string, body: unknown) =>
    (await api.request(path, { method: 'POST', headers, body: JSON.stringify(body) })).body;
  const run = await post(RUN, { prompt: 'a' });
  expect(run).toMatchObject({ result: true });
  expect(await post('/v1/Task/Detail', { tasktoken: run['socketaccesstoken'] })).toMatchObject({
    tasklist: [{ id: run['taskid'], projectid: tenant.projectId, uuid: tenant.ownerId }],
  });
  expect(await post('/v1/Task/List', {})).toMatchObject({ total: '1' });
  expect(await post(RUN, { prompt: 'a', projectid: tenant.projectId })).toMatchObject({
    result: true,
  });
  const other = await api.createTenant();
  expect(await post(RUN, { prompt: 'a', projectid: other.projectId })).toMatchObject({
    result: false,
  });
  await expect(db.sql`select 1 from tasks`).resolves.toHaveLength(2);
});

test('a session is refused to pages of other sites, and without an origin', async ({
  api,
  tenant,
  db,
}) => {
  const { cookie } = await api.signIn(tenant.organisationId);
  for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`, undefined]) {
    const headers = origin === undefined ? { cookie } : { cookie, origin };
    const init = { method: 'POST', headers, body: '{"prompt":"a"}' };
    expect((await api.request(RUN, init)).status).toBe(403);
  }
  await expect(db.sql`select 1 from tasks`).resolves.toHaveLength(0);
});

test('a missing or forged session is asked to sign in', async ({ api }) => {
  const cookie = 'runfleet.session_token=forged.cookie';
  for (const headers of [{}, { cookie }]) {
    const { status, body } = await api.request('/api/v1/me', { headers });
    expect({ status, body }).toEqual({ status: 401, body: SIGN_IN_REQUIRED });
  }
  const headers = { cookie, origin: ORIGIN };
  const { status, body } = await api.request(RUN, { method: 'POST', headers, body: '{}' });
  expect({ status, body }).toEqual({ status: 401, body: SIGN_IN_REQUIRED });
});
