/** Any value of any field is answered in the envelope, and never as an internal error. */
import { CHAT_PARAMETERS } from '@runfleet/catalog';
import { expect } from 'vitest';

import { RUN, testWithApi as test } from './testing.ts';

/** As JSON, because JavaScript has no literal for some of them. */
const VALUES: readonly string[] = [
  'null',
  'true',
  '0',
  '-1',
  '1.5',
  '1e400',
  '-1e400',
  '9007199254740993',
  '99999999999999999999999999',
  '""',
  '" "',
  '"x"',
  '"NaN"',
  '"1e400"',
  '"0x10"',
  '"-0"',
  '"20.0"',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\uff11"',
  `"${'9'.repeat(40)}"`,
  `"${'x'.repeat(15_000)}"`,
  '[]',
  '[null]',
  '["x"]',
  '[["x"]]',
  '{}',
  '{"a":{"b":[]}}',
  '{"__proto__":{"a":1}}',
  '[{"role":"user","content":"x"}]',
];

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  '/v1/Task/Detail': ['tasktoken', 'socketaccesstoken', 'taskid', 'projectid'],
  '/v1/Task/Cancel': ['tasktoken', 'taskid'],
  '/v1/Task/Kill': ['socketaccesstoken', 'taskid'],
  '/v1/Task/List': ['type', 'sort', 'order', 'start', 'limit', 'modelName', 'summary', 'projectid'],
  '/v1/Tool/List': [
    'start',
    'limit',
    'search',
    'sort',
    'order',
    'categories',
    'tags',
    'slugowner',
    'hideworkflows',
    'summary',
  ],
  '/v1/Tool/Detail': ['slugowner', 'slugproject', 'summary'],
  '/v1/Tool/Explore': ['start'],
};

test.for(Object.entries(FIELDS))(
  '%s answers any value in the envelope',
  async ([path, fields], { api, tenant }) => {
    for (const field of fields) {
      for (const value of VALUES) {
        const { status, body } = await api.call(tenant, path, `{"${field}":${value}}`);
        const called = `${field}: ${value.slice(0, 40)}`;
        expect({ called, status, body }).toMatchObject({
          called,
          status: 200,
          body: { result: expect.any(Boolean), errors: expect.any(Array) },
        });
      }
    }
  },
);

test('Run answers any value in the envelope', { timeout: 60_000 }, async ({ api, db }) => {
  const rich = await api.createTenant({ balance: '1000000' });
  const items = CHAT_PARAMETERS.flatMap((group) => group.items.map((item) => item.id));
  for (const field of [...items, 'messages', 'user_id', 'projectid', 'callbackUrl', '__proto__']) {
    for (const value of VALUES) {
      const given = field === 'prompt' || field === 'messages' ? '' : '"prompt":"Hi",';
      const { status, body } = await api.call(rich, RUN, `{${given}"${field}":${value}}`);
      const called = `${field}: ${value.slice(0, 40)}`;
      expect({ called, status, body }).toMatchObject({
        called,
        status: 200,
        body: { result: expect.any(Boolean) },
      });
    }
  }
  // The accepted tasks can be listed, whole and as summaries.
  for (const asked of [{ limit: 100 }, { limit: 100, summary: true }]) {
    const { status, body } = await api.call(rich, '/v1/Task/List', asked);
    expect({ status, body }).toMatchObject({ status: 200, body: { result: true } });
  }
  await expect(db.sql`select 1 from tasks where parameters::text like '%u0000%'`).resolves.toEqual(
    [],
  );
});

test("operators' calls answer any value in the envelope", async ({ api, tenant }) => {
  const headers = await api.signIn(tenant.organisationId, { isOperator: true });
  const { organisationId, projectId } = tenant;
  const calls = [
    [`/admin/v1/tenants/${organisationId}`, 'weight'],
    [`/admin/v1/tenants/${organisationId}`, 'runningLimit'],
    [`/admin/v1/projects/${projectId}`, 'overflow'],
  ] as const;
  const send = (path: string, body: string) => api.request(path, { method: 'POST', headers, body });
  for (const [path, field] of calls) {
    for (const value of VALUES) {
      const { status } = await send(path, `{"${field}":${value}}`);
      expect({ field, value, status }).toEqual({ field, value, status: 200 });
    }
  }
  const ids = ['0', '-1', 'x', '1e3', '9'.repeat(40), '%00', '%ed%a0%80', "1'"];
  for (const id of ids) {
    for (const path of [`tenants/${id}`, `projects/${id}`, `workers/${id}/drain`]) {
      const { status, body } = await send(`/admin/v1/${path}`, '{"weight":1,"overflow":"queue"}');
      expect({ path, status, result: body['result'] }).toEqual({
        path,
        status: 200,
        result: false,
      });
    }
  }
});
