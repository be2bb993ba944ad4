import { once } from 'node:events';
import { connect } from 'node:net';

import { lifeOf, stageEvents, stageTask } from '@runfleet/events/testing';
import {
  type AnswerContent,
  MESSAGES,
  type NewTaskEvent,
  newTaskToken,
  rawOf,
  type TaskFrame,
} from '@runfleet/protocol';
import { describe, expect } from 'vitest';
import { WebSocket } from 'ws';

import { LIMITS } from './limits.ts';
import { startTestGateway, TestClient, testWithGateway as test } from './testing.ts';

const WORDS = ['The ', 'quick ', 'brown ', 'fox.'];
const TEXT = WORDS.join('');
const STATES = [
  'task_queue',
  'task_assign',
  'task_accept',
  'task_preprocess_start',
  'task_preprocess_end',
  'task_start',
];
const outputsOf = (client: TestClient) =>
  client.taskFrames.filter(({ type }) => type === 'task_output');
const GOING_ON = { success: null, terminal: false, exitCode: null };
const isGoingOn = ({ success, terminal, exitCode }: TaskFrame) =>
  success === null && !terminal && exitCode === null;
const ANSWER = {
  raw: TEXT,
  thinking: [],
  answer: [TEXT],
  segments: [{ type: 'answer', text: TEXT }],
  finishreason: 'stop',
  usage: {
    input_tokens: 3,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 4,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 7,
  },
};
const ended = (pexit: string | undefined): NewTaskEvent => ({
  type: 'task_postprocess_end',
  payload: { outputs: [], ...(pexit !== undefined && { pexit }) },
});
const cancelled: NewTaskEvent = { type: 'task_cancel', payload: { reason: 'killed' } };
const ENDING = ['task_output_full', 'task_end', 'task_postprocess_start', 'task_postprocess_end'];

describe('the compatible wire', () => {
  test('the first frame is connected', async ({ gateway }) => {
    await using client = await TestClient.watching(gateway);
    await client.untilType('connected');
    expect(client.frames).toEqual([{ type: 'connected', version: '1.0' }]);
  });

  test('a finished task is sent as its states, one output and its ending', async ({
    db,
    gateway,
  }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, lifeOf(WORDS));
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    await client.untilType('task_postprocess_end');

    const common = { id: task.id, tasktoken: task.token, result: true, ...GOING_ON };
    const output = {
      type: 'progressGenerate',
      task: 'Generate',
      ...ANSWER,
      isThinking: false,
      speed: '50.0',
      speedType: 't/s',
      elapsedTime: '0s',
    };
    const outputs = [{ contenttype: 'raw', content: { prompt: 'Hi', ...ANSWER } }];
    expect(client.taskFrames).toEqual([
      ...STATES.map((type) => ({ type, ...common, message: null })),
      { type: 'task_output', ...common, message: output },
      { type: 'task_output_full', ...common, message: ANSWER },
      { type: 'task_end', ...common, message: null },
      { type: 'task_postprocess_start', ...common, message: null },
      {
        type: 'task_postprocess_end',
        ...common,
        message: outputs,
        success: true,
        terminal: true,
        exitCode: 0,
      },
    ]);
    expect(Object.keys(client.taskFrames[0] ?? {})).toEqual([
      'type',
      'id',
      'tasktoken',
      'message',
      'result',
      'success',
      'terminal',
      'exitCode',
    ]);
  });

  test.for<[string, NewTaskEvent, { success: boolean; exitCode: number }]>([
    ['fails', ended('1'), { success: false, exitCode: 1 }],
    ['is rejected', ended('2'), { success: false, exitCode: 2 }],
    ['expires', ended('124'), { success: false, exitCode: 124 }],
    ['is cancelled', cancelled, { success: false, exitCode: 130 }],
    ['failed in an older release', ended(undefined), { success: false, exitCode: 1 }],
  ])('a task that %s says so in its last frame alone', async ([, last, end], { db, gateway }) => {
    const task = await stageTask({ db });
    const diagnostic: NewTaskEvent = { type: 'task_error', payload: { raw: 'No.' } };
    await stageEvents({ db }, task, [{ type: 'task_queue', payload: null }, diagnostic, last]);
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    await client.untilType(last.type);
    expect(client.taskFrames.slice(0, -1).every((frame) => isGoingOn(frame))).toBe(true);
    expect(client.taskFrames.at(-1)).toMatchObject({ ...end, terminal: true });
  });

  test('an answer of an older release has its text in every form, and no end', async ({
    db,
    gateway,
  }) => {
    const task = await stageTask({ db });
    const content = { prompt: 'Hi', raw: TEXT, thinking: [], answer: [TEXT] };
    const outputs = [{ contenttype: 'raw' as const, content }];
    await stageEvents({ db }, task, [
      { type: 'task_output', payload: { raw: TEXT, tokens: 4, elapsedMs: 80 } },
      { type: 'task_output_full', payload: { raw: TEXT } },
      { type: 'task_postprocess_end', payload: { outputs } },
    ]);
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    await client.untilType('task_postprocess_end');
    const { finishreason: _reason, usage: _usage, ...withoutEnd } = ANSWER;
    const [output, full, last] = client.taskFrames;
    expect(output?.message).toMatchObject(withoutEnd);
    expect(full?.message).toEqual(withoutEnd);
    expect(last).toMatchObject({
      message: [{ content: { prompt: 'Hi', ...withoutEnd } }],
      success: true,
      exitCode: 0,
    });
  });

  test('clients that know only the old or only the new fields see the same text', async ({
    db,
    gateway,
    announcer,
  }) => {
    const task = await stageTask({ db });
    const words = ['<think>', 'Hm. ', '</think>', 'First. ', '<think>Or', '</think>', ' Last.'];
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    for (const event of lifeOf(words)) {
      announcer.announce(await stageEvents({ db }, task, [event]));
      // A frame for each state of the text, without a wait for the throttle.
      await using joined = await TestClient.watching(gateway, { tasktoken: task.token });
      await joined.untilType(event.type === 'task_cost' ? 'connected' : event.type);
      for (const frame of joined.taskFrames) expectSameTexts(frame);
    }
    await client.untilType('task_postprocess_end');
    for (const frame of client.taskFrames) expectSameTexts(frame);
    expect(client.taskFrames.at(-1)?.message).toMatchObject([
      { content: { thinking: ['Hm.', 'Or'], answer: ['First.', 'Last.'] } },
    ]);
  });

  test('a client that joins at any point of a task gets the same states, text and ending', async ({
    db,
    gateway,
    announcer,
  }) => {
    const task = await stageTask({ db });
    const clients: TestClient[] = [];
    for (const event of lifeOf(WORDS)) {
      clients.push(await TestClient.watching(gateway, { tasktoken: task.token }));
      announcer.announce(await stageEvents({ db }, task, [event]));
    }
    clients.push(await TestClient.watching(gateway, { tasktoken: task.token }));

    for (const client of clients) {
      await client.untilType('task_postprocess_end');
      const outputs = client.taskFrames.filter(({ type }) => type === 'task_output');
      expect(client.types.filter((type) => type !== 'task_output')).toEqual([...STATES, ...ENDING]);
      // The newest output precedes the full one, even if the throttle held it back.
      expect(client.types[client.types.indexOf('task_output_full') - 1]).toBe('task_output');
      expect(outputs.at(-1)?.message).toMatchObject({ raw: TEXT });
      await client[Symbol.asyncDispose]();
    }
    expect(clients.at(-1)?.types.filter((type) => type === 'task_output')).toHaveLength(1);
  });

  test('frames of several tasks on one socket carry their token, and a repeated request has no effect', async ({
    db,
    gateway,
  }) => {
    const tasks = await Promise.all([stageTask({ db }), stageTask({ db }), stageTask({ db })]);
    for (const task of tasks) await stageEvents({ db }, task, lifeOf(WORDS));
    const requests = tasks.map(({ token }) => ({ tasktoken: token }));
    await using client = await TestClient.watching(gateway, ...requests, ...requests);
    await client.untilType('task_postprocess_end', tasks.length);
    await untilAnswered(client);

    for (const { id, token } of tasks) {
      const own = client.taskFrames.filter(({ tasktoken }) => tasktoken === token);
      expect(own.every((frame) => frame.id === id)).toBe(true);
      expect(own.map(({ type }) => type)).toEqual([...STATES, 'task_output', ...ENDING]);
    }
  });

  test.for<[name: string, sent: string]>([
    ['an unknown type', '{"type":"agent_info","agenttoken":"x"}'],
    ['no type', '{"tasktoken":"x"}'],
    ['nonsense', 'hello {'],
    ['an array', '[1,2]'],
    ['null', 'null'],
    ['nothing', ''],
  ])('%s is ignored and the socket stays open', async ([, sent], { gateway }) => {
    await using client = await TestClient.watching(gateway);
    client.socket.send(sent);
    client.socket.send(Buffer.from(sent), { binary: true });
    await untilAnswered(client);

    expect(client.frames.map(({ type }) => type)).toEqual(['connected', 'error']);
    expect(client.closed).toBeNull();
  });

  test('a bad token is refused and the socket stays usable', async ({ db, gateway }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, lifeOf(WORDS));
    await using client = await TestClient.watching(gateway);
    const unknown = newTaskToken();
    for (const tasktoken of [unknown, 'short', '', 7, undefined, { a: 1 }]) {
      client.ask({ tasktoken });
    }
    await client.untilType('error', 6);
    const refused = { type: 'error', message: 'tasktoken-invalid', result: false };
    // Only a well-formed token is repeated; its lookup takes longer.
    expect(client.frames.slice(1)).toHaveLength(6);
    expect(client.frames.slice(1)).toEqual(
      expect.arrayContaining([refused, { ...refused, tasktoken: unknown }]),
    );
    client.ask({ tasktoken: task.token });
    await client.untilType('task_postprocess_end');
    expect(client.types).toHaveLength(STATES.length + 1 + ENDING.length);
  });

  test('stderr lines are text, and a failed task ends with an empty list', async ({
    db,
    gateway,
  }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, [
      { type: 'task_queue', payload: null },
      { type: 'task_error', payload: { raw: 'out of memory' } },
      { type: 'task_error_full', payload: { raw: 'out of memory\n' } },
      { type: 'task_postprocess_end', payload: { outputs: [] } },
    ]);
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    await client.untilType('task_postprocess_end');

    expect(client.taskFrames.map(({ message }) => message)).toEqual([
      null,
      'out of memory',
      { raw: 'out of memory\n' },
      [],
    ]);
  });

  test('thinking is separated from the answer', async ({ db, gateway }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, [output('<think>Hm'), output('m.</think>Yes.', 2, 65_000)]);
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    await client.untilType('task_output');

    expect(client.taskFrames[0]?.message).toMatchObject({
      thinking: ['Hmm.'],
      answer: ['Yes.'],
      isThinking: false,
      speed: '0.0',
      elapsedTime: '1m 5s',
    });
  });
});

describe('output', () => {
  test('cumulative frames are throttled, and the last output is not delayed', async ({
    db,
    gateway,
    announcer,
  }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, [{ type: 'task_queue', payload: null }]);
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    await client.untilType('task_queue');
    const startedAt = performance.now();
    let text = '';
    // Each frame shows more of the output while output keeps arriving.
    while (outputsOf(client).length < 4) {
      text += 'w ';
      announcer.announce(await stageEvents({ db }, task, [output('w ')]));
    }
    announcer.announce(
      await stageEvents({ db }, task, [
        { type: 'task_output_full', payload: { raw: text } },
        { type: 'task_cancel', payload: null },
      ]),
    );
    await client.untilType('task_cancel');

    const outputs = outputsOf(client);
    const elapsedMs = performance.now() - startedAt;
    // The first and the last frame are sent immediately.
    const intervals = Math.ceil(elapsedMs / LIMITS.outputIntervalMs);
    expect(outputs.length).toBeLessThanOrEqual(2 + intervals);
    expect(client.types.slice(-3)).toEqual(['task_output', 'task_output_full', 'task_cancel']);
    expect(outputs.at(-1)?.message).toMatchObject({ raw: text });
  });

  test('the newest output is sent even when nothing follows it', async ({
    db,
    gateway,
    announcer,
  }) => {
    const task = await stageTask({ db });
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    for (const word of WORDS) announcer.announce(await stageEvents({ db }, task, [output(word)]));
    await client.until(() => client.taskFrames.map(rawOf).at(-1) === TEXT);

    expect(client.taskFrames.map(rawOf).at(-1)).toBe(TEXT);
  });

  test('a requeue resets the text', async ({ db, gateway, announcer }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, lifeOf(['lost ', 'words']).slice(0, 9), 1);
    await using early = await TestClient.watching(gateway, { tasktoken: task.token });
    await early.untilType('task_output');
    const requeue: NewTaskEvent = { type: 'task_queue', payload: { reason: 'worker lost' } };
    announcer.announce(await stageEvents({ db }, task, [requeue], 2));
    announcer.announce(await stageEvents({ db }, task, lifeOf(WORDS).slice(1), 3));
    await early.untilType('task_postprocess_end');
    await using late = await TestClient.watching(gateway, { tasktoken: task.token });
    await late.untilType('task_postprocess_end');

    const secondAttempt = [...STATES, 'task_output', ...ENDING];
    expect(early.types).toEqual([...STATES, 'task_output', ...secondAttempt]);
    expect(late.types).toEqual([...STATES, ...secondAttempt]);
    expect(late.taskFrames[STATES.length]).toEqual({
      type: 'task_queue',
      id: task.id,
      tasktoken: task.token,
      message: null,
      result: true,
      ...GOING_ON,
    });
    expect(outputsOf(late).map(rawOf)[0]).toBe(TEXT);
  });

  test('a killed task keeps the output it had', async ({ db, gateway }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, lifeOf(WORDS).slice(0, 9), 1);
    await stageEvents({ db }, task, [{ type: 'task_cancel', payload: { reason: 'killed' } }], 2);
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    await client.untilType('task_cancel');

    expect(client.types).toEqual([...STATES, 'task_output', 'task_cancel']);
  });
});

describe('the extensions', () => {
  test('a delta client gets each event once, from any position', async ({ db, gateway }) => {
    const task = await stageTask({ db });
    const events = await stageEvents({ db }, task, lifeOf(WORDS), 4);
    const sent = events.map(({ seq, type }) => ({ seq, type, epoch: 4 }));

    for (const after of [0, 1, 7, 8, 9, events.length - 1]) {
      await using client = await TestClient.watching(gateway, {
        tasktoken: task.token,
        mode: 'delta',
        billing: true,
        after,
      });
      await client.untilType('task_postprocess_end');
      expect(client.taskFrames.map(({ seq, type, epoch }) => ({ seq, type, epoch }))).toEqual(
        sent.slice(after),
      );
      const deltas = client.taskFrames.filter(({ type }) => type === 'task_output');
      const { finishreason, usage } = ANSWER;
      expect(deltas.map(({ message }) => message)).toEqual(
        WORDS.slice(Math.max(0, after - 7)).map((raw) =>
          raw === WORDS.at(-1)
            ? { type: 'delta', raw, finishreason, usage }
            : { type: 'delta', raw },
        ),
      );
    }
  });

  test('prev is the seq of the frame before, whatever a client asked for', async ({
    db,
    gateway,
    announcer,
  }) => {
    const task = await stageTask({ db });
    const forms = [
      { mode: 'delta' },
      { mode: 'delta', billing: true },
      { mode: 'delta', after: 5 },
      { mode: 'cumulative', billing: false },
    ];
    const clients: TestClient[] = [];
    for (const form of forms) {
      clients.push(await TestClient.watching(gateway, { tasktoken: task.token, ...form }));
    }
    for (const event of lifeOf(WORDS)) {
      announcer.announce(await stageEvents({ db }, task, [event]));
    }
    for (const client of clients) {
      await client.untilType('task_postprocess_end');
      const seqs = client.taskFrames.map(({ seq }) => seq);
      expect(client.taskFrames.map(({ prev }) => prev)).toEqual([0, ...seqs.slice(0, -1)]);
      await client[Symbol.asyncDispose]();
    }
    const [plain, billing] = clients.map((client) => client.taskFrames.length);
    expect(plain).toBe((billing ?? 0) - 2);
  });

  test('cost frames are sent only on request', async ({ db, gateway }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, lifeOf(WORDS));
    for (const [billing, count] of [
      [true, 2],
      [false, 0],
    ] as const) {
      await using client = await TestClient.watching(gateway, { tasktoken: task.token, billing });
      await client.untilType('task_postprocess_end');
      const costs = client.taskFrames.filter(({ type }) => type === 'task_cost');
      expect(costs).toHaveLength(count);
      if (billing) {
        expect(costs[1]?.message).toEqual({
          kind: 'settle',
          seconds: '1.0000',
          cost: '0.000585000000',
          held: '0.000000000000',
        });
      }
      // Any extension, even a declined one, adds seq and epoch.
      expect(client.taskFrames.every(({ seq }) => typeof seq === 'number')).toBe(true);
    }
  });

  test('a cumulative client that resumes gets only new events, with the whole text', async ({
    db,
    gateway,
  }) => {
    const task = await stageTask({ db });
    const events = await stageEvents({ db }, task, lifeOf(WORDS));
    await using client = await TestClient.watching(gateway, { tasktoken: task.token, after: 9 });
    await client.untilType('task_postprocess_end');

    expect(client.types).toEqual(['task_output', ...ENDING]);
    expect(client.taskFrames.map(rawOf)[0]).toBe(TEXT);
    expect(client.taskFrames.at(-1)?.seq).toBe(events.length);
  });

  test('invalid subscription options are refused with the token', async ({ db, gateway }) => {
    const task = await stageTask({ db });
    await using client = await TestClient.watching(gateway, {
      tasktoken: task.token,
      mode: 'backwards',
    });
    await client.untilType('error');
    expect(client.frames[1]).toEqual({
      type: 'error',
      message: 'task_info-invalid',
      result: false,
      tasktoken: task.token,
    });
  });
});

describe('event streams', () => {
  test('server-sent events carry the same log and end with the task', async ({ db, gateway }) => {
    const task = await stageTask({ db });
    const events = await stageEvents({ db }, task, lifeOf(WORDS));
    const url = `${gateway.url}/v1/tasks/${task.id}/events?tasktoken=${task.token}`;

    const whole = await fetch(url);
    expect(whole.headers.get('content-type')).toBe('text/event-stream');
    const sent = events.filter(({ type }) => type !== 'task_cost');
    expect(parseStream(await whole.text()).map(({ id, data }) => [id, data.type])).toEqual(
      sent.map(({ seq, type }) => [seq, type]),
    );

    const rest = await fetch(url, { headers: { 'last-event-id': '8' } });
    expect(parseStream(await rest.text()).map(({ id }) => id)).toEqual(
      sent.map(({ seq }) => seq).filter((seq) => seq > 8),
    );
    const nothing = await fetch(url, { headers: { 'last-event-id': `${events.length}` } });
    expect(nothing.status).toBe(204);
  });

  test('a stream needs the token of its own task', async ({ db, gateway }) => {
    const [task, other] = await Promise.all([stageTask({ db }), stageTask({ db })]);
    const path = `${gateway.url}/v1/tasks/${task.id}/events`;
    expect((await fetch(`${path}?tasktoken=${other.token}`)).status).toBe(404);
    expect((await fetch(`${path}?tasktoken=${newTaskToken()}`)).status).toBe(404);
    const without = await fetch(path);
    expect(without.status).toBe(401);
    expect(await without.json()).toEqual({
      result: false,
      errors: [{ code: 0, message: MESSAGES.unknownKey }],
    });
  });
});

describe('plain HTTP', () => {
  test('health and metrics answer, and other paths get an error envelope', async ({
    db,
    gateway,
  }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, lifeOf(WORDS));
    await using client = await TestClient.watching(gateway, { tasktoken: task.token });
    await client.untilType('task_postprocess_end');

    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/runfleet_gateway_connections\{kind="socket",role="gateway"\} 1/);
    expect(metrics).toMatch(/runfleet_gateway_frames_total\{type="task_queue",role="gateway"\} 1/);
    for (const path of ['/', '/v1', '/v2/x']) {
      const response = await fetch(gateway.url + path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ result: false, errors: [{ code: 0 }] });
    }
  });

  test.for(['//', 'http://[', '/v1/tasks/%/events', '*'])(
    'a request target of %s gets an answer and breaks nothing',
    async (target, { gateway }) => {
      const { port } = new URL(gateway.url);
      for (const headers of ['', 'Upgrade: websocket\r\nConnection: Upgrade\r\n']) {
        const socket = connect(Number(port), '127.0.0.1');
        socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        expect(answer.toString()).toMatch(/^HTTP\/1.1 (4\d\d|200) /);
        socket.destroy();
      }
      expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    },
  );

  test('a socket on another path, or from an origin that is not allowed, is refused', async ({
    databaseUrl,
    redisUrl,
    gateway,
  }) => {
    await using picky = await startTestGateway(
      { databaseUrl, redisUrl },
      {},
      {
        GATEWAY_ORIGINS: 'https://ours.example, https://too.example',
        GATEWAY_CONNECTIONS_MAX: '1',
      },
    );
    const status = async (url: string, origin?: string) => {
      const socket = new WebSocket(url.replace('http', 'ws'), origin ? { origin } : {});
      socket.on('error', () => {});
      const answer = await Promise.race([
        once(socket, 'open').then(() => 101),
        once(socket, 'unexpected-response').then(
          ([, response]) => (response as { statusCode: number }).statusCode,
        ),
      ]);
      return { answer, socket };
    };
    expect((await status(`${gateway.url}/v2`)).answer).toBe(404);
    expect((await status(`${picky.url}/v1`, 'https://evil.example')).answer).toBe(403);
    const allowed = await status(`${picky.url}/v1`, 'https://too.example');
    expect(allowed.answer).toBe(101);
    expect((await status(`${picky.url}/v1`)).answer).toBe(503);
    allowed.socket.terminate();
  });
});

function output(raw: string, tokens = 1, elapsedMs = 20): NewTaskEvent {
  return { type: 'task_output', payload: { raw, tokens, elapsedMs } };
}

/** Resolves once a bad token is answered, and so everything sent before it. */
async function untilAnswered(client: TestClient): Promise<void> {
  const count = client.frames.filter(({ type }) => type === 'error').length;
  client.ask({ tasktoken: 'bad' });
  await client.untilType('error', count + 1);
}

function parseStream(text: string): { id: number; data: TaskFrame }[] {
  return text
    .split('\n\n')
    .filter((part) => part.startsWith('id: '))
    .map((part) => {
      const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(part) ?? [];
      return { id: Number(id), data: JSON.parse(data ?? '') as TaskFrame };
    });
}

function expectSameTexts({ message }: TaskFrame): void {
  const content = Array.isArray(message)
    ? (message as { content?: unknown }[])[0]?.content
    : message;
  if (typeof content !== 'object' || content === null || !('segments' in content)) return;
  const { segments, thinking, answer } = content as AnswerContent;
  const textsOf = (type: string) =>
    segments.flatMap((one) => (one.type === type && 'text' in one ? one.text : []));
  expect([textsOf('thinking'), textsOf('answer')]).toEqual([thinking, answer]);
}
