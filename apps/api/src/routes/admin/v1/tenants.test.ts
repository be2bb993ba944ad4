import { expect } from 'vitest';

import { RUN } from '../../../testing.ts';
import { testWithOperator as test } from './testing.ts';

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

test("a tenant's next Run takes its new share to the queue", async ({ api, tenant, operator }) => {
  const pool = 'phi-3-5-mini-instruct';
  const shareOf = async (weight: number) => {
    await api.call(tenant, RUN, { prompt: 'a' });
    await expect
      .poll(async () => (await api.ctx.queue.readShares(pool, 1))[0]?.weight)
      .toBe(weight);
  };
  await shareOf(1);
  await operator.post(`/admin/v1/tenants/${tenant.organisationId}`, { weight: 3 });
  await shareOf(3);
});

test('a value out of range is refused by its name and changes nothing', async ({
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

test('operators see how much of the fleet each organisation uses', async ({
  api,
  tenant,
  operator,
  db,
}) => {
  const idle = await api.createTenant();
  await api.call(tenant, RUN, { prompt: 'a' });
  await api.call(tenant, RUN, { prompt: 'b' });
  const [first] = await db.sql<{ id: string }[]>`
    update tasks set worker_id = gen_random_uuid(), status = 'task_start',
      assigned_at = now() - interval '20 seconds'
    where id = (select min(id) from tasks) returning id`;
  const { organisationId } = tenant;
  const pool = 'phi-3-5-mini-instruct';
  api.ctx.queue.withdraw({ lane: pool, organisationId, taskId: first?.id ?? '', fairnessKey: '' });
  await expect.poll(async () => (await api.ctx.queue.readLoad(pool)).queued).toBe(1);

  const { status, body } = await api.request('/admin/v1/tenants', { headers: operator.headers });
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      windowSeconds: 3600,
      tenants: [
        {
          id: organisationId,
          name: 'Acme',
          weight: 1,
          runningLimit: null,
          projects: [{ id: tenant.projectId, name: 'Demo', overflow: 'reject' }],
          slotSeconds: expect.closeTo(20, 0),
          running: 1,
          waiting: 1,
        },
      ],
    },
  });
  const member = await api.signIn(idle.organisationId);
  expect((await api.request('/admin/v1/tenants', { headers: member })).status).toBe(403);
});

test('members, keys and pages of other sites change nothing', async ({ api, tenant, operator }) => {
  const member = await api.signIn(tenant.organisationId);
  const { cookie } = operator.headers;
  for (const path of [
    `/admin/v1/tenants/${tenant.organisationId}`,
    `/admin/v1/projects/${tenant.projectId}`,
    '/admin/v1/workers/0190b0c2-7e3a-7c3e-8a53-0a7b6a4f7b11/drain',
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
