import { expect } from 'vitest';

import { testWithApi as base } from '../testing.ts';

const test = base.extend('operator', async ({ api, tenant }) => {
  const headers = await api.signIn(tenant.organisationId, { isOperator: true });
  return {
    headers,
    post: (path: string, body: unknown) =>
      api.request(path, { method: 'POST', headers, body: JSON.stringify(body) }),
  };
});

test("an operator sets a tenant's share and a project's overflow", async ({ operator, tenant }) => {
  const path = `/admin/v1/tenants/${tenant.organisationId}`;
  const { status, body } = await operator.post(path, { weight: 2, runningLimit: 4 });
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      errors: [],
      tenant: {
        id: tenant.organisationId,
        name: 'Acme',
        weight: 2,
        runningLimit: 4,
        projects: [{ id: tenant.projectId, name: 'Demo', overflow: 'reject' }],
      },
      result: true,
    },
  });
  const project = await operator.post(`/admin/v1/projects/${tenant.projectId}`, {
    overflow: 'queue',
  });
  expect(project.body).toMatchObject({
    tenant: { weight: 2, runningLimit: 4, projects: [{ overflow: 'queue' }] },
    result: true,
  });
});

test('what makes no sense is refused by name and changes nothing', async ({
  operator,
  tenant,
  db,
}) => {
  const share = `/admin/v1/tenants/${tenant.organisationId}`;
  const project = `/admin/v1/projects/${tenant.projectId}`;
  const calls: [string, unknown, string][] = [
    [share, { weight: '2' }, '[weight]'],
    [share, { weight: 0 }, '[weight] must be between'],
    [share, { runningLimit: 0 }, '[runningLimit] must be an integer'],
    [share, { runningLimits: 4 }, '[runningLimit]'],
    ['/admin/v1/tenants/999', { weight: 2 }, 'There is no organisation 999.'],
    [project, {}, '[overflow] must be reject or queue'],
    [project, { overflow: 'drop' }, '[overflow] must be reject or queue'],
    ['/admin/v1/projects/x', { overflow: 'queue' }, 'There is no project x.'],
  ];
  for (const [path, given, message] of calls) {
    const { body } = await operator.post(path, given);
    expect(body).toEqual({
      errors: [{ code: 0, message: expect.stringContaining(message) }],
      result: false,
    });
  }
  const [row] = await db.sql`
    select weight, running_limit, overflow from organisations o
      join projects p on p.organisation_id = o.id where o.id = ${tenant.organisationId}`;
  expect(row).toEqual({ weight: 1, running_limit: null, overflow: 'reject' });
});

test('nobody else changes anything: no member, no key, no page of another site', async ({
  api,
  tenant,
  operator,
}) => {
  const member = await api.signIn(tenant.organisationId);
  const { cookie } = operator.headers;
  for (const path of [
    `/admin/v1/tenants/${tenant.organisationId}`,
    `/admin/v1/projects/${tenant.projectId}`,
  ]) {
    const post = (headers: Record<string, string>) =>
      api.request(path, { method: 'POST', headers, body: '{"weight":2,"overflow":"queue"}' });
    expect((await post(member)).status).toBe(403);
    expect((await post({ cookie, origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ cookie })).status).toBe(403);
    expect((await post({})).status).toBe(401);
    expect((await api.call(tenant, path, {})).status).toBe(401);
  }
});
