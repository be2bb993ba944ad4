import { createProject } from '@runfleet/identity';
import { writeHistory } from '@runfleet/tasks/testing-history';
import { describe, expect } from 'vitest';

import { CallRates } from '../../../http/call-rates.ts';
import { RUN } from '../../../testing.ts';
import { type Listed, testWithTasks as test } from './testing.ts';

describe('Task/List', () => {
  const idsOf = ({ tasklist }: Listed) => tasklist.map((task) => task['id']);

  test("lists the tenant's own tasks page by page, newest first", async ({ api, tasks }) => {
    await tasks.run(await api.createTenant());
    const ids = [];
    for (let i = 0; i < 3; i++) ids.unshift((await tasks.run()).id);

    const all = await tasks.ask('List', {});
    expect(Object.keys(all)).toEqual(['total', 'errors', 'tasklist', 'result']);
    expect(all.total).toBe('3');
    expect(idsOf(all)).toEqual(ids);
    const page = await tasks.ask('List', {
      type: 'model',
      sort: 'id',
      order: 'DESC',
      start: '1',
      limit: '1',
    });
    expect({ total: page.total, ids: idsOf(page) }).toEqual({ total: '3', ids: [ids[1]] });
    expect(idsOf(await tasks.ask('List', { order: 'asc' }))).toEqual(ids.toReversed());
    expect(idsOf(await tasks.ask('List', { start: 3 }))).toEqual([]);
    expect(idsOf(await tasks.ask('List', { limit: '1000' }))).toHaveLength(3);
  });

  test('filters by model: its path, its name, or words and parts of them', async ({ tasks }) => {
    await tasks.run();
    const names = [
      'Phi-3.5-mini-instruct',
      'microsoft/phi-3-5-mini-instruct',
      'phi',
      'mini PHI',
      'struct',
    ];
    for (const modelName of names) {
      await expect(tasks.ask('List', { modelName })).resolves.toMatchObject({ total: '1' });
    }
    await expect(tasks.ask('List', { modelName: 'other' })).resolves.toEqual({
      total: '0',
      errors: [],
      tasklist: [],
      result: true,
    });
  });

  test('filters by status, project, id and time of creation', async ({
    api,
    tenant,
    db,
    tasks,
  }) => {
    const { organisationId, ownerId } = tenant;
    const owned = { organisationId, ownerId, name: 'Other', authType: 'signature' } as const;
    const { projectId: projectid } = await createProject(api.ctx, owned);
    const first = await tasks.run();
    const second = await tasks.run();
    await api.call(tenant, RUN, { prompt: 'Hello', projectid });
    await tasks.ask('Cancel', { taskid: second.id });
    await db.sql`update tasks set queued_at = to_timestamp(1700000000.9) where id = ${first.id}`;

    const cases: [Record<string, unknown>, number][] = [
      [{ status: 'queued' }, 2],
      [{ status: 'Cancelled' }, 1],
      [{ status: 'failed' }, 0],
      [{ status: '' }, 3],
      [{ projectid }, 1],
      [{ projectid: Number(tenant.projectId) }, 2],
      [{ projectid, status: 'cancelled' }, 0],
      [{ taskid: second.id }, 1],
      [{ taskid: Number(second.id), status: 'queued' }, 0],
      [{ taskid: '999999999' }, 0],
      [{ from: '1700000000', to: 1_700_000_001 }, 1],
      [{ from: 1_700_000_001 }, 2],
      [{ to: '1700000000' }, 0],
      [{ to: 1_700_000_001, modelName: 'phi', status: 'queued', projectid: tenant.projectId }, 1],
    ];
    for (const [body, total] of cases) {
      const answer = await tasks.ask('List', body);
      expect({ body, total: answer.total }).toEqual({ body, total: `${total}` });
      expect(answer.tasklist).toHaveLength(total);
    }
    const other = await api.createTenant();
    for (const body of [{ taskid: first.id }, { from: 0 }, { status: 'queued' }]) {
      await expect(tasks.ask('List', body, other)).resolves.toMatchObject({ total: '0' });
    }
  });

  test('a hundred tasks of a megabyte each are a page of at most four megabytes', async ({
    tenant,
    db,
    tasks,
  }) => {
    await tasks.run();
    await db.sql`
      insert into tasks (organisation_id, project_id, owner_id, token, model_id, pool, parameters,
        seed, timeout_seconds, status, epoch, seq, changed_at, queued_at, price_version, cps, held,
        debug_output)
      select organisation_id, project_id, owner_id, token || n, model_id, pool,
        json_build_object('prompt', repeat('x', 940000)), seed, timeout_seconds, 'task_cancel', 0, 1,
        changed_at, queued_at, price_version, cps, 0, repeat('y', 10000)
      from tasks, generate_series(1, 100) n`;
    const sizeOf = async (body: object) => JSON.stringify(await tasks.ask('List', body)).length;
    expect(await sizeOf({ limit: 100 })).toBeLessThan(4_000_000);
    expect(await sizeOf({ limit: 20 })).toBeLessThan(4_000_000);
    expect(await sizeOf({ limit: 100, summary: true })).toBeLessThan(50_000);

    const { tasklist } = await tasks.ask('List', { limit: 100 });
    expect(tasklist).toHaveLength(100);
    expect(tasklist[0]).toMatchObject({ projectid: tenant.projectId, shortened: true });
    expect(Object.keys(tasklist[0] ?? {}).at(-1)).toBe('shortened');
    expect((await tasks.ask('List', { order: 'ASC' })).tasklist[0]).not.toHaveProperty('shortened');
    expect((await tasks.ask('List', { limit: 1 })).tasklist[0]).not.toHaveProperty('shortened');
  });

  test('a summary has the columns of a table, in the order of a whole task', async ({ tasks }) => {
    const { id } = await tasks.run();
    const { total, tasklist } = await tasks.ask('List', { summary: true });
    const [whole = {}] = (await tasks.ask('List', {})).tasklist;
    const [row = {}] = tasklist;
    expect({ total, id: row['id'], parameters: row['parameters'] }).toEqual({
      total: '1',
      id,
      parameters: { prompt: 'Hello' },
    });
    const keys = Object.keys(row);
    expect(keys).toEqual(Object.keys(whole).filter((key) => keys.includes(key)));
    expect(whole).toMatchObject(row);
  });

  test('counts each thousand tasks of its total as one more call', async ({ api, tenant, db }) => {
    const { projectId: otherProjectId } = await api.createTenant();
    await writeHistory(db, tenant, { count: 5_000, otherProjectId });
    let nowMs = 0;
    // Bursts of 20 calls.
    api.ctx.rates = new CallRates({ address: 10, project: 10 }, () => nowMs);
    const list = async (body: object) => (await api.call(tenant, '/v1/Task/List', body)).status;
    const answers = [await list({ limit: 1 }), await list({ limit: 1 }), await list({ limit: 1 })];
    expect(answers).toEqual([200, 200, 200]);
    expect(await list({ limit: 1 })).toBe(429);
    nowMs = 10_000;
    const few = Array.from({ length: 10 }, () => list({ limit: 1, status: 'failed' }));
    expect(await Promise.all(few)).not.toContain(429);
  });

  test('refuses parameters that it does not support', async ({ tasks }) => {
    const refused = [
      [{ start: 'x' }, 'Request parameter [start] must be integer or float'],
      [{ start: '1.5' }, 'Request parameter [start] must be integer or float'],
      [{ start: '1e400' }, 'Request parameter [start] must be integer or float'],
      [{ start: '9'.repeat(15_000) }, 'Request parameter [start] must be integer or float'],
      [{ limit: true }, 'Request parameter [limit] must be integer or float'],
      [
        { modelName: 7 },
        'Request parameter [modelName] must be a string of at most 200 characters',
      ],
      [{ start: '-1' }, 'Request parameter [start] must be between 0 and 1000000'],
      [{ limit: [] }, 'Request parameter [limit] must be integer or float'],
      [{ order: 'sideways' }, 'Request parameter [order] must be ASC or DESC'],
      [{ sort: 'cost' }, 'Request parameter [sort] must be id or time'],
      [{ type: 'train' }, 'Request parameter [type] must be model'],
      [
        { status: 'lost' },
        'Request parameter [status] must be running, queued, ended, failed or cancelled',
      ],
      [
        { status: ['queued'] },
        'Request parameter [status] must be running, queued, ended, failed or cancelled',
      ],
      [
        { projectid: '999999999' },
        'Request parameter [projectid] must be a project of your organisation',
      ],
      [{ taskid: 'x' }, 'Request parameter [taskid] must be integer or float'],
      [{ taskid: 2 ** 60 }, 'Request parameter [taskid] must be integer or float'],
      [{ from: 'today' }, 'Request parameter [from] must be integer or float'],
      [{ from: -1 }, 'Request parameter [from] must be between 0 and 99999999999'],
      [{ to: Date.now() * 1_000 }, 'Request parameter [to] must be between 0 and 99999999999'],
    ] as const;
    for (const [body, message] of refused) {
      const answer = { errors: [{ code: 0, message }], result: false };
      await expect(tasks.ask('List', body)).resolves.toEqual(answer);
    }
  });
});
