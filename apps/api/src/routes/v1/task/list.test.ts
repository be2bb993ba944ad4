import { describe, expect } from 'vitest';

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
    ] as const;
    for (const [body, message] of refused) {
      const answer = { errors: [{ code: 0, message }], result: false };
      await expect(tasks.ask('List', body)).resolves.toEqual(answer);
    }
  });
});
