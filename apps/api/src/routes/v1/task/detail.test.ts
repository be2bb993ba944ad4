import { assignTasks } from '@runfleet/tasks';
import { aWorker } from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import { ORIGIN, RUN } from '../../../testing.ts';
import { type Listed, testWithTasks as test } from './testing.ts';

/** In the order of its keys on the wire. */
const CONTENT = {
  prompt: 'Hello',
  raw: 'Hi.',
  thinking: [],
  answer: ['Hi.'],
  segments: [{ type: 'answer', text: 'Hi.' }],
  finishreason: 'stop',
  usage: {
    input_tokens: 1,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 2,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 3,
  },
};
const { segments: _derived, ...STORED } = CONTENT;
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

test('a finished task is answered like the published sample', async ({
  api,
  tenant,
  db,
  tasks,
}) => {
  const { id, token } = await tasks.run();
  await db.sql`
    update tasks set status = 'task_postprocess_end', outcome = 'succeeded', pexit = '0',
      total_cost = '0.003510000000', debug_output = 'Hi.', receipt = ${db.sql.json(RECEIPT)},
      outputs = ${db.sql.json([{ contenttype: 'raw', content: STORED }, FILE])},
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
        outputs: [
          { contenttype: 'raw', content: CONTENT },
          { ...FILE, url: `${ORIGIN}/v1${FILE.url}` },
        ],
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

test('a queued task has only its first time; the others are "0"', async ({ tasks }) => {
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

test('a queued task has its position, a likely wait, and why no worker can run it', async ({
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
  const noWorker = {
    reason: 'no-worker',
    message:
      'No worker on duty takes this model. Stop the task, or ask the operator for a worker that serves it.',
  };
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

test('the taskid may be a number', async ({ tasks }) => {
  const { id } = await tasks.run();
  await expect(tasks.ask('Detail', { taskid: Number(id) })).resolves.toMatchObject({ total: '1' });
});
