/** Calls of tools over real processes and a real model: asked for, made, shown and answered. */
import { answerCalls, segmentsAfter } from '@runfleet/client';
import { migrateDb } from '@runfleet/db';
import { type RawOutput, type Segment, type TaskFrame, type WireTask } from '@runfleet/protocol';
import { startOwnPostgres, startOwnRedis } from '@runfleet/testing';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { Fleet, MODEL } from './fleet.ts';

let fleet: Fleet;
const servers: AsyncDisposable[] = [];

beforeAll(async () => {
  const [postgres, redis] = await Promise.all([startOwnPostgres(), startOwnRedis()]);
  servers.push(postgres, redis);
  await migrateDb(postgres.url);
  fleet = await Fleet.start({
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    engine: 'tiny',
    env: { WORKER_SLOTS: '4', WORKER_DRAIN_SECONDS: '0' },
  });
}, PATIENCE_MS);

afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
}, PATIENCE_MS);

const booleans = (count: number) => ({
  type: 'object',
  properties: {
    minutes: { type: 'array', items: { type: 'boolean' }, minItems: count, maxItems: count },
  },
  required: ['minutes'],
});
const SCHEMAS = {
  weather: {
    type: 'object',
    properties: {
      unit: { enum: ['C', 'F'] },
      hours: { type: 'array', items: { type: 'boolean' }, maxItems: 2 },
    },
    required: ['unit'],
  },
  time: { type: 'object', properties: { zone: { enum: ['UTC', 'CET'] } }, required: ['zone'] },
  /** Its arguments take long to write. */
  watch: booleans(100),
  /** Its arguments take longer than a kill or the stop of a worker. */
  guard: booleans(180),
};
type Name = keyof typeof SCHEMAS;
const tool = (name: Name) => ({
  type: 'function',
  function: { name, description: `The ${name}.`, parameters: SCHEMAS[name] },
});
const named = (name: Name) => ({ type: 'function', function: { name } });
const ajv = new Ajv();
const TOOLS = [tool('weather'), tool('time')];
const BODY = { prompt: 'Look.', seed: 7, max_tokens: 400, tools: TOOLS };
const LONG = {
  ...BODY,
  tools: [tool('watch')],
  tool_choice: named('watch'),
  parallel_tool_calls: false,
  max_tokens: 1_024,
};

const LONGER = {
  ...LONG,
  tools: [tool('guard')],
  tool_choice: named('guard'),
  max_tokens: 3_500,
};

const run = (parameters: Record<string, unknown>) =>
  fleet.client().runSync(MODEL, { ...BODY, ...parameters });

function contentOf({ outputs }: WireTask): RawOutput['content'] {
  const [first] = outputs;
  if (!first || !('content' in first)) throw new Error('The task has no answer.');
  return first.content;
}

type Call = Extract<Segment, { type: 'function_call' }>;
const callsIn = (segments: readonly Segment[]): Call[] =>
  segments.filter((segment) => segment.type === 'function_call');

/** The calls of an ended task, all of them whole, valid and with the ids that follow from the task. */
function validCalls(task: WireTask): Call[] {
  const { finishreason, segments } = contentOf(task);
  const calls = callsIn(segments);
  expect(finishreason).toBe(calls.length > 0 ? 'tool_calls' : 'stop');
  for (const [index, call] of calls.entries()) {
    expect(call).toMatchObject({
      id: `fc_${task.id}_${index + 1}`,
      call_id: `call_${task.id}_${index + 1}`,
      status: 'completed',
    });
    const isValid = ajv.validate(SCHEMAS[call.name as Name], JSON.parse(call.arguments));
    expect(isValid).toBe(true);
  }
  return calls;
}

describe('an answer', () => {
  test('that must call does, with valid arguments, and has no call in its older fields', async () => {
    const task = await run({ tool_choice: 'required' });
    expect(validCalls(task).length).toBeGreaterThan(0);
    const { raw, answer } = contentOf(task);
    expect(answer).toEqual([]);
    expect(raw).toContain('"name"');
    expect(task.debugoutput).toBe(raw);
    expect(task.receipt?.finishReason).toBe('tool_calls');
  });

  test('that must call one tool calls no other', async () => {
    const task = await run({
      tool_choice: JSON.stringify(named('time')),
      tools: JSON.stringify(TOOLS),
    });
    const names = validCalls(task).map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(['time']));
  });

  test('has one call at most, unless calls may be parallel', async () => {
    const seeds = [1, 2, 3, 4];
    const calls = (parallel: unknown) =>
      Promise.all(
        seeds.map(async (seed) => {
          const task = await run({ seed, tool_choice: 'required', parallel_tool_calls: parallel });
          return callsIn(contentOf(task).segments).length;
        }),
      );
    expect(await calls(false)).toEqual([1, 1, 1, 1]);
    expect(Math.max(...(await calls(true)))).toBeGreaterThan(1);
  });

  test('that may call is text or valid calls, and text where it may not', async () => {
    for (const tool_choice of ['auto', 'none']) {
      const { segments, answer, finishreason } = contentOf(
        await run({ tool_choice, max_tokens: 24 }),
      );
      expect(finishreason).not.toBe('tool_calls');
      const texts = segments.flatMap((one) => (one.type === 'answer' ? one.text : []));
      expect(texts).toEqual(answer);
      expect(callsIn(segments).some(({ status }) => status === 'in_progress')).toBe(false);
    }
  });

  test('that is cut has an incomplete call, which cannot be answered', async () => {
    const cut = { ...LONG, max_tokens: 40, session_id: 'cut' };
    const task = await run(cut);
    const { finishreason, segments, answer } = contentOf(task);
    expect(finishreason).toBe('length');
    expect(answer).toEqual([]);
    const [call] = callsIn(segments);
    expect(call).toMatchObject({ name: 'watch', status: 'incomplete' });
    const next = {
      session_id: 'cut',
      previousTaskToken: task.socketaccesstoken,
      toolOutputs: [{ call_id: call?.call_id, output: 'x' }],
    };
    await expect(fleet.client().run(MODEL, next)).rejects.toThrow(
      '[toolOutputs] cannot continue a task whose answer asks for no calls',
    );
  });
});

test('calls are answered, and the model reads what was returned', async () => {
  const session_id = 'weather';
  const first = await run({ tool_choice: 'required', session_id, parallel_tool_calls: false });
  const continued = await answerCalls(first, () => ({ degrees: 12 }));
  const toolOutputs = [{ call_id: validCalls(first)[0]?.call_id, output: { degrees: 12 } }];
  expect(continued).toEqual({
    session_id,
    previousTaskToken: first.socketaccesstoken,
    toolOutputs,
  });
  const next = { ...continued, max_tokens: 20 };

  const client = fleet.client();
  const refusals = [
    [{ ...next, tools: TOOLS }, '[tools] cannot be combined with [toolOutputs]'],
    [{ ...next, toolOutputs: [...toolOutputs, ...toolOutputs] }, 'toolOutputs[1].call_id]'],
    [{ ...next, toolOutputs: [{ call_id: 'call_1_9', output: '' }] }, 'toolOutputs[0].call_id]'],
    [{ ...next, session_id: 'other' }, '[previousTaskToken] must be'],
    [{ ...next, session_id: '' }, '[session_id] required with [previousTaskToken]'],
  ] as const;
  for (const [body, message] of refusals) {
    await expect(client.run(MODEL, body)).rejects.toThrow(message);
  }

  const answered = await client.runSync(MODEL, next);
  expect(answered).toMatchObject({ pexit: '0', receipt: { history: { turns: 1, dropped: 0 } } });
  expect(contentOf(answered).prompt).toBe('{"degrees":12}');
  // Its prompt has the calls and the tools again, beyond the first one's.
  const { usage } = contentOf(answered);
  expect(usage?.input_tokens).toBeGreaterThan(contentOf(first).usage?.input_tokens ?? Infinity);
  // The caller may also go on without executing them.
  const ignored = { session_id, previousTaskToken: first.socketaccesstoken, prompt: 'Never mind.' };
  expect((await client.runSync(MODEL, { ...ignored, max_tokens: 20 })).pexit).toBe('0');
  // A form client sends the list as a text; it is another branch.
  const again = { ...next, toolOutputs: JSON.stringify(toolOutputs) };
  expect((await client.runSync(MODEL, again)).pexit).toBe('0');
});

/** Follows a task in one mode to its end. */
async function followed(token: string, mode: 'cumulative' | 'delta') {
  const frames: TaskFrame[] = [];
  const states: Segment[][] = [];
  for await (const frame of fleet.client().follow(token, { mode })) {
    frames.push(frame);
    states.push(segmentsAfter(states.at(-1) ?? [], frame));
  }
  return { frames, states };
}

test('a client of the older fields and one of the newer ones see the same in every form', async () => {
  const client = fleet.client();
  const { token, taskId } = await client.run(MODEL, { ...BODY, tool_choice: 'required' });
  const [cumulative, delta, stream] = await Promise.all([
    followed(token, 'cumulative'),
    followed(token, 'delta'),
    fetch(`${fleet.gateway[0]?.url}/v1/tasks/${taskId}/events?tasktoken=${token}`),
  ]);
  const task = await client.detail({ token });
  const { segments, raw, answer, thinking } = contentOf(task);
  const older = { raw, answer, thinking };
  for (const { frames, states } of [cumulative, delta]) {
    expect(states.at(-1)).toEqual(segments);
    const full = frames.find(({ type }) => type === 'task_output_full');
    expect(full?.message).toMatchObject({ ...older, segments, finishreason: 'tool_calls' });
    expect(frames.at(-1)?.message).toMatchObject([{ content: { ...older, segments } }, {}]);
  }
  const isOutput = ({ type }: TaskFrame) => type === 'task_output';
  expect(cumulative.frames.findLast(isOutput)?.message).toMatchObject({ ...older, segments });
  const deltas = delta.frames.filter(isOutput).map(({ message }) => message);
  expect(deltas.map((message) => Object(message).raw as string).join('')).toBe(raw);

  const events = (await stream.text()).split('\n').filter((line) => line.startsWith('data: '));
  let streamed: Segment[] = [];
  for (const line of events) {
    streamed = segmentsAfter(streamed, JSON.parse(line.slice('data: '.length)) as TaskFrame);
  }
  expect(streamed).toEqual(segments);
});

test('a run that is killed in a call has no call to execute', async () => {
  const client = fleet.client();
  const { token } = await client.run(MODEL, LONGER);
  const states: Segment[][] = [];
  let last: TaskFrame | null = null;
  for await (const frame of client.follow(token, { mode: 'delta' })) {
    const segments = segmentsAfter(states.at(-1) ?? [], frame);
    if (callsIn(segments).length > 0 && callsIn(states.at(-1) ?? []).length === 0) {
      await client.kill({ token });
    }
    states.push(segments);
    last = frame;
  }
  expect(last).toMatchObject({ type: 'task_cancel', success: false, exitCode: 130 });
  expect(callsIn(states.at(-1) ?? [])).toMatchObject([{ status: 'in_progress' }]);
  expect(await client.detail({ token })).toMatchObject({ status: 'task_cancel', outputs: [] });
});

test(
  'a run that starts over in a call makes the same call, with the same id',
  async () => {
    const client = fleet.client();
    const { token, taskId } = await client.run(MODEL, LONGER);
    const ids = new Set<string>();
    const epochs: string[] = [];
    let segments: Segment[] = [];
    let restarted: Promise<unknown> | null = null;
    for await (const frame of client.follow(token, { mode: 'delta' })) {
      segments = segmentsAfter(segments, frame);
      if (frame.type === 'task_queue') epochs.push('');
      for (const { call_id, arguments: given } of callsIn(segments)) {
        ids.add(call_id);
        epochs[epochs.length - 1] = given;
        restarted ??= Promise.all([fleet.add('worker'), fleet.worker[0]?.stop()]);
      }
    }
    await restarted;
    const [abandoned = '', whole = ''] = epochs;
    expect(epochs).toHaveLength(2);
    expect(abandoned).not.toBe('');
    expect(whole.startsWith(abandoned)).toBe(true);
    expect([...ids]).toEqual([`call_${taskId}_1`]);
    expect(validCalls(await client.detail({ token }))).toHaveLength(1);
  },
  PATIENCE_MS,
);
