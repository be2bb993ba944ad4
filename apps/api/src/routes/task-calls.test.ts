import { assignTasks } from '@runfleet/tasks';
import { aWorker } from '@runfleet/tasks/testing';
import { describe, expect } from 'vitest';

import { ORIGIN, RUN, type Tenant, testWithApi as base } from '../testing.ts';

type Task = Record<string, unknown>;
type Listed = { total: string; errors: unknown[]; tasklist: Task[]; result: boolean };

const NOT_FOUND = { errors: [{ code: 1, message: 'task-not-exist' }], result: false };

const ANSWER = {
  contenttype: 'raw',
  content: { prompt: 'Hello', raw: 'Hi.', thinking: [], answer: ['Hi.'] },
};
const FILE = {
  id: '6bc392c93856dfce3a7d1b4261e15af3',
  name: '0.txt',
  contenttype: 'text/plain',
  parentid: '0',
  uuid: '1',
  size: '12',
  addedtime: '1734513814',
  modifiedtime: '1734513814',
  accesskey: 'A'.repeat(30),
  foldercount: '0',
  filecount: '0',
  ispublic: 0,
  expiretime: null,
  url: `/File/${'A'.repeat(30)}/0.txt`,
};
const RECEIPT = {
  priceVersion: 'phi-3.5-mini-instruct/1',
  cps: '0.000585000000',
  seconds: {
    queue: '0.1000',
    preprocess: '0.1000',
    run: '3.4000',
    postprocess: '0.6000',
    billed: '6.0000',
  },
  weights: 'echo',
  device: 'CPU',
  promptTokens: 1,
  completionTokens: 2,
  finishReason: 'stop',
  cost: '0.003510000000',
};

const test = base.extend('tasks', async ({ api, tenant }) => ({
  async run(owner: Tenant = tenant) {
    const { body } = await api.call(owner, RUN, { prompt: 'Hello' });
    return { id: String(body['taskid']), token: String(body['socketaccesstoken']) };
  },
  async ask(path: string, body: unknown, owner: Tenant = tenant) {
    return (await api.call(owner, `/v1/Task/${path}`, body)).body as Listed;
  },
}));

test('a finished task is answered as the published sample is', async ({
  api,
  tenant,
  db,
  tasks,
}) => {
  const { id, token } = await tasks.run();
  await db.sql`
    update tasks set status = 'task_postprocess_end', outcome = 'succeeded', pexit = '0',
      total_cost = '0.003510000000', debug_output = 'Hi.', receipt = ${db.sql.json(RECEIPT)},
      outputs = ${db.sql.json([ANSWER, FILE])},
      queued_at = to_timestamp(1734513807.1), assigned_at = to_timestamp(1734513807.2),
      accepted_at = to_timestamp(1734513807.3), preprocess_started_at = to_timestamp(1734513807.4),
      preprocess_ended_at = to_timestamp(1734513807.5), started_at = to_timestamp(1734513809.9),
      ended_at = to_timestamp(1734513813.30005), postprocess_started_at = to_timestamp(1734513813.4),
      postprocess_ended_at = to_timestamp(1734513814)`;

  const { text } = await api.call(tenant, '/v1/Task/Detail', { tasktoken: token });
  const expected = {
    total: '1',
    errors: [],
    tasklist: [
      {
        id,
        uuid: tenant.ownerId,
        name: '',
        socketaccesstoken: token,
        parameters: { prompt: 'Hello' },
        debugoutput: 'Hi.',
        debugerror: '',
        starttime: '1734513809',
        endtime: '1734513813',
        elapsedseconds: '6.0000',
        status: 'task_postprocess_end',
        cps: '0.000585000000',
        totalcost: '0.003510000000',
        guestid: null,
        projectid: tenant.projectId,
        modelid: '598',
        description: '',
        basemodelid: '0',
        runtype: 'model',
        modelfolderid: '',
        modelfileid: '',
        callbackurl: '',
        marketplaceid: null,
        createtime: '1734513807',
        canceltime: '0',
        assigntime: '1734513807',
        accepttime: '1734513807',
        preprocessstarttime: '1734513807',
        preprocessendtime: '1734513807',
        postprocessstarttime: '1734513813',
        postprocessendtime: '1734513814',
        pexit: '0',
        categories: '["tool","llm","text-generation"]',
        outputs: [ANSWER, { ...FILE, url: `${ORIGIN}/v1${FILE.url}` }],
        size: '12',
        modeldescription: expect.any(String),
        modelslugowner: 'microsoft',
        modelslugproject: 'Phi-3.5-mini-instruct',
        outputfolderid: '0',
        receipt: RECEIPT,
      },
    ],
    result: true,
  };
  const answer = JSON.parse(text) as Listed;
  expect(answer).toEqual(expected);
  expect(Object.keys(answer)).toEqual(Object.keys(expected));
  expect(Object.keys(answer.tasklist[0] ?? {})).toEqual(Object.keys(expected.tasklist[0] ?? {}));
});

test('a task in the queue has every time but its first at "0"', async ({ tasks }) => {
  const { token } = await tasks.run();
  const { tasklist } = await tasks.ask('Detail', { tasktoken: token });
  expect(tasklist[0]).toMatchObject({
    status: 'task_queue',
    createtime: expect.stringMatching(/^\d{10}$/),
    starttime: '0',
    endtime: '0',
    canceltime: '0',
    postprocessendtime: '0',
    elapsedseconds: '0.0000',
    totalcost: '0.000000000000',
    pexit: '',
    outputs: [],
    size: '0',
    receipt: null,
  });
});

test('a queued task tells its place, a likely wait, and when nobody can run it', async ({
  api,
  tenant,
  db,
  tasks,
}) => {
  const first = await tasks.run();
  const second = await tasks.run();
  const particular = await api.call(
    tenant,
    RUN,
    { prompt: 'Hello' },
    { 'x-runfleet-requires': 'gpu=H100' },
  );
  const queueOf = async (token: unknown) => {
    const { tasklist } = await tasks.ask('Detail', { tasktoken: token });
    return tasklist[0]?.['queue'];
  };
  const noWorker = { reason: 'no-worker', message: 'No worker on duty takes this model.' };
  await expect
    .poll(() => queueOf(second.token))
    .toEqual({ place: 2, ahead: 1, waitSeconds: null, pauseSeconds: null, blocked: noWorker });

  const { workerId } = await aWorker(api.ctx.store, 1);
  const likely = expect.any(Number);
  const free = { pauseSeconds: null, blocked: null };
  expect(await queueOf(first.token)).toEqual({ place: 1, ahead: 0, waitSeconds: 0, ...free });
  expect(await queueOf(second.token)).toEqual({ place: 2, ahead: 1, waitSeconds: likely, ...free });
  expect(await queueOf(particular.body['socketaccesstoken'])).toMatchObject({
    blocked: {
      reason: 'no-worker-with-labels',
      message: 'No worker on duty that takes this model carries gpu=H100.',
    },
  });

  await db.sql`
    update tasks set not_before = now() + interval '9 seconds' where id = ${second.id}`;
  expect(await queueOf(second.token)).toMatchObject({ pauseSeconds: expect.closeTo(9, 0) });
  await assignTasks(api.ctx, [{ taskId: first.id, workerId, generation: 1 }]);
  expect(await queueOf(first.token)).toBeUndefined();
});

describe.for(['Detail', 'Cancel', 'Kill'])('Task/%s', (call) => {
  test.for(['tasktoken', 'socketaccesstoken', 'taskid'] as const)(
    'finds a task by its %s',
    async (name, { tasks }) => {
      const { id, token } = await tasks.run();
      const found = await tasks.ask(call, { [name]: name === 'taskid' ? id : token });
      expect(found).toMatchObject({ total: '1', errors: [], tasklist: [{ id }], result: true });
    },
  );

  test("answers another tenant's task exactly like an unknown one", async ({ api, tasks }) => {
    const other = await api.createTenant();
    const { id, token } = await tasks.run(other);
    const unknown = [{ tasktoken: 'A'.repeat(30) }, { taskid: '999999999' }];
    const foreign = [{ tasktoken: token }, { taskid: id }];
    for (const body of [...unknown, ...foreign]) {
      await expect(tasks.ask(call, body)).resolves.toEqual(NOT_FOUND);
    }
    await expect(tasks.ask('Detail', { taskid: id }, other)).resolves.toMatchObject({
      tasklist: [{ status: 'task_queue' }],
    });
  });

  test('answers what cannot be a task as an unknown one', async ({ tasks }) => {
    const { id } = await tasks.run();
    const references = [
      { tasktoken: 'short' },
      { tasktoken: `${'A'.repeat(29)}\0` },
      { tasktoken: {} },
      { taskid: '-1' },
      { taskid: `0${id}` },
      { taskid: '9'.repeat(40) },
      { taskid: "1' or true" },
    ];
    for (const reference of references) {
      await expect(tasks.ask(call, reference)).resolves.toEqual(NOT_FOUND);
    }
  });

  test('wants to know which task', async ({ tasks }) => {
    for (const body of ['', {}, { tasktoken: '', taskid: null }]) {
      await expect(tasks.ask(call, body)).resolves.toEqual({
        errors: [{ code: 0, message: 'taskid or socketaccesstoken is required' }],
        result: false,
      });
    }
  });

  test('needs the project, not only the token', async ({ api, tasks }) => {
    const { token } = await tasks.run();
    const body = JSON.stringify({ tasktoken: token });
    const answer = await api.request(`/v1/Task/${call}`, { method: 'POST', body });
    expect(answer.status).toBe(401);
  });
});

test('the taskid may be a number', async ({ tasks }) => {
  const { id } = await tasks.run();
  await expect(tasks.ask('Detail', { taskid: Number(id) })).resolves.toMatchObject({ total: '1' });
});

describe('ending a task', () => {
  test.for(['Cancel', 'Kill'])(
    '%s in the queue is final and returns the hold',
    async (call, { tasks, db }) => {
      const { token } = await tasks.run();
      await expect(tasks.ask(call, { tasktoken: token })).resolves.toMatchObject({
        tasklist: [
          {
            status: 'task_cancel',
            canceltime: expect.stringMatching(/^\d{10}$/),
            totalcost: '0.000000000000',
          },
        ],
      });
      const [account] = await db.sql`select balance, held, active_tasks from accounts`;
      expect(account).toEqual({
        balance: '1000.000000000000',
        held: '0.000000000000',
        active_tasks: 0,
      });
      await expect(tasks.ask(call, { tasktoken: token })).resolves.toEqual({
        errors: [{ code: 1, message: 'Task is not in a cancellable state.' }],
        result: false,
      });
    },
  );

  test('a running task can be killed but not cancelled', async ({ tasks, db }) => {
    const { token } = await tasks.run();
    await db.sql`update tasks set status = 'task_start', queued_in = null, epoch = 1`;
    await expect(tasks.ask('Cancel', { tasktoken: token })).resolves.toMatchObject({
      errors: [{ code: 1, message: 'Task is not in a cancellable state.' }],
    });
    await expect(tasks.ask('Kill', { tasktoken: token })).resolves.toMatchObject({
      tasklist: [{ status: 'task_cancel' }],
    });
  });
});

describe('Task/List', () => {
  const idsOf = ({ tasklist }: Listed) => tasklist.map((task) => task['id']);

  test("pages through the tenant's own tasks, the newest first", async ({ api, tasks }) => {
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

  test('filters by model, by its path, its name, or words and parts of them', async ({ tasks }) => {
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

  test('a summary has what a table shows, in the order of the whole', async ({ tasks }) => {
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

  test('refuses what it cannot do', async ({ tasks }) => {
    const refused = [
      [{ start: 'x' }, 'Request parameter [start] must be integer or float'],
      [{ start: '1.5' }, 'Request parameter [start] must be integer or float'],
      [{ start: '1e400' }, 'Request parameter [start] must be integer or float'],
      [{ start: '9'.repeat(15_000) }, 'Request parameter [start] must be integer or float'],
      [{ limit: true }, 'Request parameter [limit] must be integer or float'],
      [{ modelName: 7 }, 'Request parameter [modelName] must be a text of at most 200 characters'],
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
