import { aWorker } from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import { RUN, testWithApi as base } from '../testing.ts';

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

test("a tenant's next Run brings its share to the queue", async ({ api, tenant, operator }) => {
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

test('a project that queues at its limit is not refused there', async ({ api, operator }) => {
  const small = await api.createTenant({ balance: '5' });
  const run = async () => (await api.call(small, RUN, { prompt: 'a' })).body;
  expect(await run()).toMatchObject({ result: true });
  expect(await run()).toMatchObject({ errors: [{ code: 96 }] });
  await operator.post(`/admin/v1/projects/${small.projectId}`, { overflow: 'queue' });
  expect(await run()).toMatchObject({ result: true });
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

test('operators see who has what of the fleet', async ({ api, tenant, operator, db }) => {
  const idle = await api.createTenant();
  await api.call(tenant, RUN, { prompt: 'a' });
  await api.call(tenant, RUN, { prompt: 'b' });
  const [first] = await db.sql<{ id: string }[]>`
    update tasks set worker_id = gen_random_uuid(), status = 'task_start',
      assigned_at = now() - interval '20 seconds'
    where id = (select min(id) from tasks) returning id`;
  const { organisationId } = tenant;
  const pool = 'phi-3-5-mini-instruct';
  api.ctx.queue.withdraw({ pool, organisationId, taskId: first?.id ?? '', fairnessKey: '' });
  await expect.poll(async () => (await api.ctx.queue.readPool(pool)).queued).toBe(1);

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

test('an operator drains a worker and ends its quarantine', async ({ operator, db, api }) => {
  const { workerId } = await aWorker(api.ctx.store);
  const change = (id: string, what: string) => operator.post(`/admin/v1/workers/${id}/${what}`, {});
  const refused = (message: string) => ({ errors: [{ code: 0, message }], result: false });

  expect((await change(workerId, 'pardon')).body).toEqual(
    refused(`Worker ${workerId} is not in quarantine.`),
  );
  await db.sql`update workers set state = 'quarantined', quarantined_until = 60, strikes = 3`;
  expect((await change(workerId, 'pardon')).body).toEqual({ errors: [], result: true });
  expect((await change(workerId, 'drain')).body).toEqual({ errors: [], result: true });
  expect((await change(workerId, 'drain')).body).toEqual(
    refused(`Worker ${workerId} takes no tasks anyway.`),
  );
  expect((await change("x'", 'drain')).body).toMatchObject({ result: false });
  const rows = await db.sql`select state, strikes from workers`;
  expect([...rows]).toEqual([{ state: 'draining', strikes: 0 }]);
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
