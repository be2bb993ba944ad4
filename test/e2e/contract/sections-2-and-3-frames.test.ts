/** Sections 2 and 3 of the wire of August 2026: what an LLM answers, and the frames of the socket. */
import { downstreamSchema, type TaskFrame } from '@runfleet/protocol';
import { describe, expect, test } from 'vitest';

import { MODEL } from '../fleet.ts';
import { eventsIn, post, sharedFleet } from './contract-fleet.ts';

const shared = sharedFleet({
  env: { ECHO_TOKEN_DELAY_MS: '15', WORKER_DRAIN_SECONDS: '0', WORKER_LABELS: 'zone=a' },
});

const QUEUED = ['task_queue'];
const PREPARING = ['task_queue', 'task_assign', 'task_accept', 'task_preprocess_start'];
const RUNNING = [...PREPARING, 'task_preprocess_end', 'task_start'];
const ENDED = ['task_end', 'task_postprocess_start', 'task_postprocess_end'];
const FAILED = ['task_error', 'task_error_full', ...ENDED];

type Doing = { taskid: string; token: string };
const kill = ({ token }: Doing) => shared.fleet.client().kill({ token });
const cancel = ({ token }: Doing) => shared.fleet.client().cancel({ token });

/** Runs a task, and acts once at the first frame of a type. */
async function framesOf(
  run: { body: Record<string, unknown>; headers?: Record<string, string> },
  act?: { at: string; do: (task: Doing) => Promise<unknown> },
): Promise<{ task: Doing; frames: TaskFrame[] }> {
  const { fleet } = shared;
  const { apiKey, apiSecret } = fleet.key;
  const { body } = await post(fleet, `Run/${MODEL}`, {
    body: run.body,
    headers: { authorization: `Bearer ${apiKey}:${apiSecret}`, ...run.headers },
  });
  const task = { taskid: body.taskid ?? '', token: body.socketaccesstoken ?? '' };
  const frames: TaskFrame[] = [];
  let acting: Promise<unknown> | undefined;
  for await (const frame of fleet.client().follow(task.token)) {
    frames.push(frame);
    if (frame.type === act?.at) acting ??= act.do(task);
  }
  await acting;
  return { task, frames };
}

const typesOf = (frames: readonly TaskFrame[]) =>
  frames.map(({ type }) => type).filter((type) => type !== 'task_output');

describe('the frames of a task', () => {
  test.for<
    [
      name: string,
      run: Parameters<typeof framesOf>[0],
      act: Parameters<typeof framesOf>[1],
      types: string[],
      end: { success: boolean; exitCode: number },
    ]
  >([
    [
      'that succeeds',
      { body: { prompt: 'one two three' } },
      undefined,
      [...RUNNING, 'task_output_full', ...ENDED],
      { success: true, exitCode: 0 },
    ],
    [
      'that expires in the queue',
      {
        body: { prompt: 'a' },
        headers: { 'x-runfleet-requires': 'zone=nowhere', 'x-runfleet-start-timeout': '1' },
      },
      undefined,
      [...QUEUED, ...FAILED],
      { success: false, exitCode: 124 },
    ],
    [
      'that fails while it is prepared',
      { body: { prompt: 'word '.repeat(6_000) } },
      undefined,
      [...PREPARING, ...FAILED],
      { success: false, exitCode: 2 },
    ],
    [
      'that times out after its first output, and has an answer',
      { body: { prompt: 'word '.repeat(2_000), timeout: 1 } },
      undefined,
      [...RUNNING, 'task_output_full', ...ENDED],
      { success: true, exitCode: 0 },
    ],
    [
      'that is cancelled in the queue',
      { body: { prompt: 'a' }, headers: { 'x-runfleet-requires': 'zone=nowhere' } },
      { at: 'task_queue', do: cancel },
      [...QUEUED, 'task_cancel'],
      { success: false, exitCode: 130 },
    ],
    [
      'that is killed while it runs',
      { body: { prompt: 'word '.repeat(2_000) } },
      { at: 'task_output', do: kill },
      [...RUNNING, 'task_cancel'],
      { success: false, exitCode: 130 },
    ],
  ])('%s', async ([, run, act, types, end]) => {
    const { task, frames } = await framesOf(run, act);
    expect(typesOf(frames)).toEqual(types);
    for (const frame of frames.slice(0, -1)) {
      downstreamSchema.parse(frame);
      expect(frame).toMatchObject({
        id: task.taskid,
        tasktoken: task.token,
        result: true,
        success: null,
        terminal: false,
        exitCode: null,
      });
    }
    const { pexit, outputs } = await shared.fleet.client().detail({ token: task.token });
    const isEnded = types.includes('task_end');
    expect(frames.at(-1)).toMatchObject({
      terminal: true,
      message: isEnded ? outputs : null,
      ...end,
    });
    expect(outputs).toHaveLength(end.success ? 2 : 0);
    expect(pexit).toBe(isEnded ? String(end.exitCode) : '');
  });

  test('that is queued again start over, and its text with them', async () => {
    const { fleet } = shared;
    const prompt = Array.from({ length: 60 }, (_, index) => `w${index}`).join(' ');
    const { frames } = await framesOf(
      { body: { prompt } },
      {
        at: 'task_output',
        do: async () => {
          await fleet.worker.at(-1)?.stop();
          await fleet.add('worker');
        },
      },
    );
    const types = typesOf(frames);
    expect(types.filter((type) => type === 'task_queue')).toHaveLength(2);
    expect(types.slice(types.lastIndexOf('task_queue'))).toEqual([
      ...RUNNING,
      'task_output_full',
      ...ENDED,
    ]);
    const again = frames.slice(frames.findLastIndex(({ type }) => type === 'task_queue'));
    expect(again[0]).toMatchObject({ message: null, success: null, terminal: false });
    expect(again.at(-1)).toMatchObject({ success: true, terminal: true, exitCode: 0 });
    const task = await fleet.client().detail({ token: frames[0]?.tasktoken ?? '' });
    expect(task.debugoutput).toBe(prompt);
  });
});

test('a client of the old fields and one of the new see one text, in frames, streams and answers', async () => {
  const { fleet } = shared;
  const prompt = '<think>let me see</think>the answer is four';
  const { task, frames } = await framesOf({ body: { prompt } });
  type Answer = {
    raw: string;
    thinking: string[];
    answer: string[];
    segments: { type: string; text: string }[];
    finishreason?: string;
    usage?: Record<string, unknown>;
  };
  const checkOne = ({ thinking, answer, segments }: Answer) => {
    const ofKind = (kind: string) =>
      segments.filter(({ type }) => type === kind).map(({ text }) => text);
    expect({ thinking: ofKind('thinking').join(''), answer: ofKind('answer').join('') }).toEqual({
      thinking: thinking.join(''),
      answer: answer.join(''),
    });
  };
  const messages = frames
    .filter(({ type }) => type === 'task_output' || type === 'task_output_full')
    .map(({ message }) => message as unknown as Answer);
  for (const message of messages) checkOne(message);

  const detail = await fleet.client().detail({ token: task.token });
  const { content } = detail.outputs[0] as unknown as { content: Answer & { prompt: string } };
  checkOne(content);
  expect(content).toMatchObject({
    prompt,
    raw: prompt,
    segments: [
      { type: 'thinking', text: 'let me see' },
      { type: 'answer', text: 'the answer is four' },
    ],
    finishreason: 'stop',
  });
  const { usage = {} } = content;
  expect(Object.keys(usage)).toEqual([
    'input_tokens',
    'input_tokens_details',
    'output_tokens',
    'output_tokens_details',
    'total_tokens',
  ]);
  expect(usage['total_tokens']).toBe(
    Number(usage['input_tokens']) + Number(usage['output_tokens']),
  );
  const full = messages.at(-1);
  expect(full).toMatchObject({
    raw: prompt,
    segments: content.segments,
    finishreason: 'stop',
    usage,
  });
  expect(frames.at(-1)?.message).toEqual(detail.outputs);
  expect(detail.debugoutput).toBe(prompt);

  const { text } = await post(fleet, `Run/${MODEL}/sync?stream=true`, { body: { prompt } });
  const last = eventsIn(text).findLast(({ event }) => event === 'task_output');
  expect(last?.data).toMatchObject({ segments: content.segments, finishreason: 'stop' });
});
