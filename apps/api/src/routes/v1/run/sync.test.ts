import { openFollower } from '@runfleet/events';
import {
  type AnswerEnd,
  answerEnd,
  syncOutputSchema,
  syncStartSchema,
  taskAnswerSchema,
} from '@runfleet/protocol';
import {
  acceptTask,
  appendOutput,
  assignTasks,
  cancelTask,
  failure,
  finishTask,
  killTask,
  startTask,
  type TaskResult,
} from '@runfleet/tasks';
import { aWorker } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { describe, expect } from 'vitest';

import { CallRates } from '../../../http/call-rates.ts';
import { RUN, testWithApi } from '../../../testing.ts';
import { TaskWaits } from '../../../waits/task-waits.ts';

const SYNC = `${RUN}/sync`;
const BODY = { prompt: 'Hello' };
const END: AnswerEnd = answerEnd({
  finishReason: 'stop',
  promptTokens: 3,
  cachedTokens: 1,
  completionTokens: 2,
  thinkingTokens: 0,
});
const ANSWER: TaskResult = {
  ...failure('succeeded', ''),
  finishReason: 'stop',
  output: 'Hi there',
  outputs: [
    {
      contenttype: 'raw',
      content: { prompt: 'Hello', raw: 'Hi there', thinking: [], answer: ['Hi there'], ...END },
    },
  ],
};

/** A worker that the test moves by hand. */
const test = testWithApi.extend('worker', async ({ api, db }) => {
  const { ctx } = api;
  const worker = await aWorker(ctx.store);
  const start = async (taskId: string) => {
    const { assigned } = await assignTasks(ctx, [{ taskId, ...worker }]);
    const ticket = assigned[0];
    if (!ticket) throw new Error(`Task ${taskId} was not assigned.`);
    await acceptTask(ctx, ticket);
    await startTask(ctx, ticket);
    return ticket;
  };
  return {
    /** The tasks, once there are `count`. */
    untilTasks: (count: number) =>
      eventually(async () => {
        const rows = await db.sql<{ id: string; token: string }[]>`
          select id, token from tasks order by id`;
        expect(rows.length).toBeGreaterThanOrEqual(count);
        return rows;
      }),
    start,
    async finish(taskId: string, result: TaskResult = ANSWER) {
      const ticket = await start(taskId);
      await finishTask(ctx, ticket, { result });
    },
  };
});

describe('a run that waits', () => {
  test('is answered as Task/Detail when its task has ended', async ({ api, tenant, worker }) => {
    const waiting = api.call(tenant, SYNC, BODY);
    const [task] = await worker.untilTasks(1);
    expect(api.ctx.waits.count).toBe(1);
    await worker.finish(task?.id ?? '');

    const answer = await waiting;
    const detail = await api.call(tenant, '/v1/Task/Detail', { taskid: task?.id });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(detail.text);
    expect(taskAnswerSchema.parse(answer.body).tasklist[0]).toMatchObject({
      status: 'task_postprocess_end',
      outputs: [{ content: { segments: [{ type: 'answer', text: 'Hi there' }], ...END } }],
    });
    expect(api.ctx.waits.count).toBe(0);
  });

  test('ends with a failure, a cancel and a kill, and not with a diagnostic', async ({
    api,
    tenant,
    worker,
  }) => {
    const { organisationId } = tenant;
    const waiting = [1, 2, 3].map(() => api.call(tenant, SYNC, BODY));
    const [failed, cancelled, killed] = (await worker.untilTasks(3)).map(({ id }) => id);
    // `task_error` comes before the end of the same commit.
    await worker.finish(failed ?? '', failure('failed', 'No.'));
    await cancelTask(api.ctx, { organisationId, reference: { id: cancelled ?? '' } });
    await worker.start(killed ?? '');
    await killTask(api.ctx, { organisationId, reference: { id: killed ?? '' } });

    const ends = (await Promise.all(waiting)).map(({ body }) => {
      const [task] = taskAnswerSchema.parse(body).tasklist;
      return [task?.id, task?.status, task?.pexit];
    });
    expect(new Map(ends.map(([id, ...end]) => [id, end]))).toEqual(
      new Map([
        [failed, ['task_postprocess_end', '1']],
        [cancelled, ['task_cancel', '']],
        [killed, ['task_cancel', '']],
      ]),
    );
  });

  test('joins the task of its key, while it runs and after it', async ({ api, tenant, worker }) => {
    const key = { 'idempotency-key': 'order-7' };
    const first = await api.call(tenant, RUN, BODY, key);
    const waiting = [1, 2].map(() => api.call(tenant, SYNC, BODY, key));
    const [task] = await worker.untilTasks(1);
    await worker.finish(task?.id ?? '');

    const answers = [...(await Promise.all(waiting)), await api.call(tenant, SYNC, BODY, key)];
    const ids = answers.map(({ body }) => taskAnswerSchema.parse(body).tasklist[0]?.id);
    expect(ids).toEqual([first.body['taskid'], first.body['taskid'], first.body['taskid']]);
    expect(await worker.untilTasks(1)).toHaveLength(1);
    const other = await api.call(tenant, SYNC, { prompt: 'Other' }, key);
    expect(other.status).toBe(409);
  });

  test('is refused like Run, and starts nothing then', async ({ api, tenant, db }) => {
    const refused = await api.call(tenant, SYNC, { prompt: '' });
    expect(refused.body).toMatchObject({
      errors: [{ code: 0, message: 'Request parameter [prompt] required' }],
    });
    const unknown = await api.call(tenant, '/v1/Run/other/none/sync', BODY);
    expect(unknown.body).toMatchObject({ errors: [{ code: 1 }] });
    expect((await api.request(SYNC, { method: 'POST', body: '{}' })).status).toBe(401);
    await expect(db.sql`select 1 from tasks`).resolves.toHaveLength(0);
    expect(api.ctx.waits.count).toBe(0);
  });

  test('is answered with its task after the longest wait, and the task goes on', async ({
    api,
    tenant,
    db,
    redisUrl,
  }) => {
    await using waits = await shortWaits(db, redisUrl);
    api.ctx.waits = waits.waits;
    const answer = await api.call(tenant, SYNC, BODY);
    const [row] = await db.sql`select id, token, status from tasks`;
    expect(answer.status).toBe(504);
    expect(answer.body).toEqual({
      errors: [{ code: 0, message: expect.stringContaining('Idempotency-Key') }],
      taskid: row?.['id'],
      socketaccesstoken: row?.['token'],
      result: false,
    });
    expect(row?.['status']).toBe('task_queue');
    const stream = await api.call(tenant, `${SYNC}?stream=true`, BODY);
    expect(eventsIn(stream.text).map(({ event }) => event)).toEqual(['start', 'error']);
  });

  test('is refused beyond the bounds, before there is a task', async ({ api, tenant, db }) => {
    const other = await api.createTenant();
    const open = Array.from({ length: 10 }, () => api.ctx.waits.open(tenant.projectId));
    const refused = await api.call(tenant, SYNC, BODY);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('5');
    await expect(db.sql`select 1 from tasks`).resolves.toHaveLength(0);

    for (let project = 0; project < 90; project += 1) open.push(api.ctx.waits.open(`p${project}`));
    expect((await api.call(other, SYNC, BODY)).status).toBe(503);
    for (const wait of open) wait[Symbol.dispose]();
    expect(api.ctx.waits.count).toBe(0);
  });

  test.for([SYNC, `${SYNC}?stream=true`])(
    'by %s counts the bytes of its answer against its project',
    async (path, { api, tenant, worker }) => {
      api.ctx.rates = new CallRates({ address: 3, project: 3 }, () => 0);
      const waiting = api.call(tenant, path, BODY);
      const [task] = await worker.untilTasks(1);
      expect((await api.call(tenant, '/v1/Task/Stat', {})).status).toBe(200);
      await worker.finish(task?.id ?? '', failure('failed', 'x'.repeat(30_000)));
      expect((await waiting).status).toBe(200);
      expect((await api.call(tenant, '/v1/Task/Stat', {})).status).toBe(429);
    },
  );

  test('is answered at once when its server stops', async ({ api, tenant, worker }) => {
    const waiting = api.call(tenant, SYNC, BODY);
    const [task] = await worker.untilTasks(1);
    api.ctx.waits.stop();
    const answer = await waiting;
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ taskid: task?.id, socketaccesstoken: task?.token });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await api.call(tenant, SYNC, BODY)).status).toBe(503);
    expect(await worker.untilTasks(1)).toHaveLength(1);
  });
});

describe('a run that streams', () => {
  test.for([
    [`${SYNC}?stream=true`, {}],
    [SYNC, { accept: 'text/event-stream' }],
  ] as const)(
    'by %s tells its start, its text so far and its end',
    async ([path, headers], { api, tenant, worker }) => {
      const waiting = api.call(tenant, path, BODY, headers);
      const [task] = await worker.untilTasks(1);
      const id = task?.id ?? '';
      const ticket = await worker.start(id);
      await appendOutput(api.ctx, ticket, { raw: 'Hi', tokens: 1, elapsedMs: 1 });
      const lastOutput = { raw: ' there', tokens: 2, elapsedMs: 2 };
      await finishTask(api.ctx, ticket, { result: ANSWER, lastOutput });

      const { headers: given, text } = await waiting;
      expect(given.get('content-type')).toBe('text/event-stream');
      const events = eventsIn(text);
      expect(syncStartSchema.parse(events[0]?.data)).toEqual({
        id,
        status: 'task_queue',
        taskid: id,
        socketaccesstoken: task?.token,
      });
      const outputs = events.filter(({ event }) => event === 'task_output');
      for (const { data } of outputs) syncOutputSchema.parse(data);
      expect(outputs.at(-1)?.data).toEqual({
        id,
        status: 'task_output',
        pexit: null,
        segments: [{ type: 'answer', text: 'Hi there' }],
        ...END,
      });
      const detail = await api.call(tenant, '/v1/Task/Detail', { taskid: id });
      expect(events.at(-1)).toEqual({ event: 'done', data: detail.body });
      expect(events.map(({ event }) => event)).toEqual([
        'start',
        ...outputs.map(() => 'task_output'),
        'done',
      ]);
      expect(api.ctx.waits.count).toBe(0);
    },
  );

  test('has calls as segments, in progress and then whole', async ({ api, tenant, worker }) => {
    const waiting = api.call(tenant, `${SYNC}?stream=true`, BODY);
    const [task] = await worker.untilTasks(1);
    const id = task?.id ?? '';
    const ticket = await worker.start(id);
    const raw = '<tool_call>\n{"name": "time", "arguments": {"zone": "UTC"}}\n</tool_call>';
    const calls = 'hermes';
    const end: AnswerEnd = { ...END, finishreason: 'tool_calls' };
    const content = { prompt: 'Hello', raw, thinking: [], answer: [], ...end };
    const outputs: TaskResult['outputs'] = [{ contenttype: 'raw', content: { ...content, calls } }];
    const result = { ...ANSWER, output: raw, outputs };
    const first = { raw: raw.slice(0, 45), tokens: 1, elapsedMs: 1, calls } as const;
    await appendOutput(api.ctx, ticket, first);
    const lastOutput = { raw: raw.slice(45), tokens: 2, elapsedMs: 2, calls } as const;
    await finishTask(api.ctx, ticket, { result, lastOutput });

    const events = eventsIn((await waiting).text);
    const segment = {
      type: 'function_call',
      id: `fc_${id}_1`,
      call_id: `call_${id}_1`,
      name: 'time',
      arguments: '{"zone": "UTC"}',
      status: 'completed',
    };
    const told = events.filter(({ event }) => event === 'task_output');
    for (const { data } of told) syncOutputSchema.parse(data);
    expect(told.at(-1)?.data).toMatchObject({ segments: [segment], ...end });
    expect(events.at(-1)?.data).toMatchObject({
      tasklist: [{ outputs: [{ content: { raw, answer: [], segments: [segment], ...end } }] }],
    });
  });

  test('joins an ended task with its whole text', async ({ api, tenant, worker }) => {
    const key = { 'idempotency-key': 'order-8' };
    await api.call(tenant, RUN, BODY, key);
    const [task] = await worker.untilTasks(1);
    const ticket = await worker.start(task?.id ?? '');
    const lastOutput = { raw: 'Hi there', tokens: 2, elapsedMs: 2 };
    await finishTask(api.ctx, ticket, { result: ANSWER, lastOutput });

    const events = eventsIn((await api.call(tenant, `${SYNC}?stream=true`, BODY, key)).text);
    expect(events.map(({ event }) => event)).toEqual(['start', 'task_output', 'done']);
    expect(events[0]?.data).toMatchObject({ status: 'task_postprocess_end' });
  });

  test('that its client leaves ends the wait, and not the task', async ({ api, tenant, db }) => {
    const response = await api.app.request(`${SYNC}?stream=true`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.apiKey}:${tenant.apiSecret}` },
      body: JSON.stringify(BODY),
    });
    const reader = response.body?.getReader();
    await reader?.read();
    expect(api.ctx.waits.count).toBe(1);
    await reader?.cancel();
    expect(api.ctx.waits.count).toBe(0);
    const [row] = await db.sql`select status from tasks`;
    expect(row?.['status']).toBe('task_queue');
  });
});

function eventsIn(text: string): { event: string; data: unknown }[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const [event = '', data = ''] = block.split('\n');
      return {
        event: event.slice('event: '.length),
        data: JSON.parse(data.slice('data: '.length)) as unknown,
      };
    });
}

async function shortWaits(db: Parameters<typeof openFollower>[0]['db'], url: string) {
  const follower = openFollower({ db, url });
  return {
    waits: new TaskWaits(follower, { waitMs: 1, waitsMax: 10, perProject: 10 }),
    [Symbol.asyncDispose]: () => follower[Symbol.asyncDispose](),
  };
}
