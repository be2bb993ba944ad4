/** Section 4 of the wire of August 2026: the calls about tasks, against real processes. */
import { describe, expect, test } from 'vitest';

import { MODEL } from '../fleet.ts';
import { post, sharedFleet } from './contract-fleet.ts';

const shared = sharedFleet({ env: { ECHO_TOKEN_DELAY_MS: '10' } });
/** No worker has this label, so that the task waits in the queue. */
const NOWHERE = { 'x-runfleet-requires': 'zone=nowhere' };

const ONE_TASK_CALLS = ['Detail', 'Cancel', 'Kill', 'InputOutputDelete'] as const;
const NOT_FOUND = { errors: [{ code: 1, message: 'task-not-exist' }], result: false };
const NO_REFERENCE = {
  errors: [{ code: 0, message: 'taskid or socketaccesstoken is required' }],
  result: false,
};
const NOT_CANCELLABLE = {
  errors: [{ code: 1, message: 'Task is not in a cancellable state.' }],
  result: false,
};
const NOT_ENDED = {
  errors: [{ code: 1, message: 'Task is not in a terminal state.' }],
  result: false,
};

/** A new task in a state, and the references by which a client may name it. */
async function aTask(state: 'queued' | 'running' | 'ended') {
  const { fleet } = shared;
  const headers = state === 'queued' ? NOWHERE : {};
  const prompt = state === 'running' ? 'word '.repeat(900) : 'a secret text';
  const { body } = await post(fleet, `Run/${MODEL}`, {
    body: { prompt },
    headers: { authorization: `Bearer ${fleet.key.apiKey}:${fleet.key.apiSecret}`, ...headers },
  });
  const token = body.socketaccesstoken ?? '';
  if (state === 'ended') await fleet.client().waitFor(token);
  if (state === 'running') {
    for await (const { type } of fleet.client().follow(token)) if (type === 'task_output') break;
  }
  return { taskid: body.taskid ?? '', token };
}

const ask = async (call: string, body: unknown) =>
  (await post(shared.fleet, `Task/${call}`, { body })).body;

describe.for(ONE_TASK_CALLS)('Task/%s', (call) => {
  test('requires a reference, and answers unknown and foreign tasks alike', async () => {
    const { fleet } = shared;
    for (const body of [{}, { taskid: '', tasktoken: null }]) {
      expect(await ask(call, body)).toEqual(NO_REFERENCE);
    }
    const foreign = await fleet.createKey();
    const headers = { authorization: `Bearer ${foreign.apiKey}:${foreign.apiSecret}` };
    const { body } = await post(fleet, `Run/${MODEL}`, { body: { prompt: 'a' }, headers });
    for (const reference of [
      { taskid: '999999' },
      { taskid: 'x' },
      { tasktoken: 'A'.repeat(30) },
      { socketaccesstoken: 'short' },
      { taskid: body.taskid },
      { tasktoken: body.socketaccesstoken },
    ]) {
      expect(await ask(call, reference)).toEqual(NOT_FOUND);
    }
  });

  test('finds a task by taskid, tasktoken and socketaccesstoken', async () => {
    const state = call === 'InputOutputDelete' || call === 'Detail' ? 'ended' : 'queued';
    for (const name of ['taskid', 'tasktoken', 'socketaccesstoken'] as const) {
      const { taskid, token } = await aTask(state);
      const body = await ask(call, { [name]: name === 'taskid' ? taskid : token });
      expect(body).toMatchObject({
        total: '1',
        errors: [],
        tasklist: [{ id: taskid }],
        result: true,
      });
    }
  });
});

describe('what a call does depends on the state of the task', () => {
  test.for([
    ['Cancel', 'queued', { tasklist: [{ status: 'task_cancel', totalcost: '0.000000000000' }] }],
    ['Cancel', 'running', NOT_CANCELLABLE],
    ['Cancel', 'ended', NOT_CANCELLABLE],
    ['Kill', 'queued', { tasklist: [{ status: 'task_cancel', totalcost: '0.000000000000' }] }],
    ['Kill', 'running', { tasklist: [{ status: 'task_cancel', totalcost: '0.000000000000' }] }],
    ['Kill', 'ended', NOT_CANCELLABLE],
    ['InputOutputDelete', 'queued', NOT_ENDED],
    ['InputOutputDelete', 'running', NOT_ENDED],
    ['InputOutputDelete', 'ended', { tasklist: [{ status: 'task_postprocess_end', outputs: [] }] }],
  ] as const)('%s of a task that is %s', async ([call, state, expected]) => {
    const { taskid } = await aTask(state);
    expect(await ask(call, { taskid })).toMatchObject(expected);
    if (state !== 'ended') await ask('Kill', { taskid });
  });
});

test('InputOutputDelete removes the texts for good, keeps the bill and can be repeated', async () => {
  const { taskid, token } = await aTask('ended');
  const [before] = (await ask('Detail', { taskid })).tasklist ?? [];
  for (let time = 0; time < 2; time += 1) {
    const [after] = (await ask('InputOutputDelete', { tasktoken: token })).tasklist ?? [];
    expect(after).toMatchObject({ parameters: {}, outputs: [], debugoutput: '', debugerror: '' });
    for (const key of ['id', 'status', 'totalcost', 'elapsedseconds', 'receipt', 'pexit']) {
      expect({ [key]: after?.[key] }).toEqual({ [key]: before?.[key] });
    }
  }
  for (const call of ['Detail', 'List']) {
    const body = call === 'List' ? { taskid, limit: 1 } : { taskid };
    expect(JSON.stringify(await ask(call, body))).not.toContain('a secret text');
  }
});

test('Stat counts the tasks of the project of the call by their state', async () => {
  const { fleet } = shared;
  const key = await fleet.createKey();
  const headers = { authorization: `Bearer ${key.apiKey}:${key.apiSecret}` };
  const run = (more: Record<string, string> = {}) =>
    post(fleet, `Run/${MODEL}`, { body: { prompt: 'a' }, headers: { ...headers, ...more } });
  const ended = await run();
  const [, cancelled] = [await run(NOWHERE), await run(NOWHERE)];
  await fleet.client({ key }).waitFor(ended.body.socketaccesstoken ?? '');
  await post(fleet, 'Task/Cancel', { body: { taskid: cancelled.body.taskid }, headers });
  const { body } = await post(fleet, 'Task/Stat', { headers });
  expect(body).toEqual({
    stat: { running: '0', queued: '1', ended: '1', failed: '0', cancelled: '1' },
    errors: [],
    result: true,
  });
});
