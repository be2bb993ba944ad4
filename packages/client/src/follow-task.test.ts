import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import type { Downstream, TaskFrame } from '@runfleet/protocol';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

import { answerAfter } from './answer-after.ts';
import { RunfleetClient } from './runfleet-client.ts';

type Request = { tasktoken: string; mode: string; after: number; billing: boolean };
/** Serves one connection; returns the close code. */
type Script = (request: Request, send: (frame: Downstream) => void) => number | null;

test('the frames of a task arrive in order and end with the task', async () => {
  await using server = await serve((request, send) => {
    for (const frame of lifeFrom(request.after)) send(frame);
    return null;
  });

  const frames = await collect(server.client.follow('tok', { mode: 'delta', billing: true }));

  expect(frames).toEqual(lifeFrom(0));
  expect(server.requests).toEqual([
    { type: 'task_info', tasktoken: 'tok', mode: 'delta', after: 0, billing: true },
  ]);
});

test('a lost connection is replaced and resumes after the last frame', async () => {
  await using server = await serve((request, send) => {
    for (const frame of lifeFrom(request.after).slice(0, 2)) send(frame);
    return request.after % 4 === 0 ? 4008 : 1006;
  });

  const frames = await collect(server.client.follow('tok', { mode: 'delta' }));

  expect(frames).toEqual(lifeFrom(0));
  expect(server.requests.map(({ after }) => after)).toEqual([0, 2, 4, 6]);
});

test('a server that starts later is waited for', async () => {
  await using server = await serve((_, send) => {
    for (const frame of lifeFrom(0)) send(frame);
    return null;
  });
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const telling = collect(server.client.follow('tok'));
  await using again = await serve((_, send) => {
    for (const frame of lifeFrom(0)) send(frame);
    return null;
  }, port);

  expect(await telling).toEqual(lifeFrom(0));
  expect(again.requests).toHaveLength(1);
});

test('an unknown token is an error', async () => {
  await using server = await serve((_, send) => {
    send({ type: 'error', message: 'tasktoken-invalid', result: false });
    return null;
  });

  await expect(collect(server.client.follow('tok'))).rejects.toMatchObject({
    name: 'RunfleetApiError',
    message: 'tasktoken-invalid',
  });
});

test('an abort ends the frames with its reason and closes the socket', async () => {
  await using server = await serve((_, send) => {
    for (const frame of lifeFrom(0).slice(0, 1)) send(frame);
    return null;
  });
  const stopping = new AbortController();
  const frames = server.client.follow('tok', { signal: stopping.signal });
  await frames.next();
  const next = frames.next();
  stopping.abort(new Error('enough'));

  await expect(next).rejects.toThrow('enough');
  await expect.poll(() => server.openCount()).toBe(0);
});

test('a reader that stops closes the socket', async () => {
  await using server = await serve((_, send) => {
    for (const frame of lifeFrom(0)) send(frame);
    return null;
  });
  for await (const frame of server.client.follow('tok')) {
    expect(frame.type).toBe('task_queue');
    break;
  }
  await expect.poll(() => server.openCount()).toBe(0);
});

test('without a WebSocket class the error names the remedy', () => {
  // Node 20, on which these tests must pass too, has no WebSocket.
  const platform = globalThis as { WebSocket?: unknown };
  const own = platform.WebSocket;
  delete platform.WebSocket;
  try {
    const client = new RunfleetClient({ apiUrl: 'http://127.0.0.1:1/v1' });
    expect(() => client.follow('tok')).toThrow('Pass the class of the `ws` package');
  } finally {
    if (own !== undefined) platform.WebSocket = own;
  }
});

test('the answer is the same from deltas, from cumulative frames and after a requeue', () => {
  const frame = (type: TaskFrame['type'], message: TaskFrame['message']) =>
    ({ type, id: '7', tasktoken: 'tok', message, result: true }) as TaskFrame;
  const delta = (raw: string) => frame('task_output', { type: 'delta', raw });
  const full = (raw: string) => frame('task_output_full', { raw, thinking: [], answer: [raw] });

  const text = (frames: TaskFrame[]) => frames.reduce(answerAfter, '');
  expect(text([delta('Hel'), delta('lo')])).toBe('Hello');
  expect(text([delta('Hel'), full('Hello')])).toBe('Hello');
  expect(text([delta('Hel'), frame('task_queue', null), delta('Ho')])).toBe('Ho');
  expect(text([full('Hello'), frame('task_end', null)])).toBe('Hello');
});

const TYPES: TaskFrame['type'][] = [
  'task_queue',
  'task_assign',
  'task_accept',
  'task_preprocess_start',
  'task_preprocess_end',
  'task_start',
  'task_end',
  'task_postprocess_end',
];

function lifeFrom(after: number): TaskFrame[] {
  const frames = TYPES.map((type, index) => ({
    type,
    id: '7',
    tasktoken: 'tok',
    message: type === 'task_postprocess_end' ? [] : null,
    result: true,
    seq: index + 1,
    epoch: 1,
  }));
  return frames.slice(after) as TaskFrame[];
}

async function collect(frames: AsyncGenerator<TaskFrame>): Promise<TaskFrame[]> {
  const all: TaskFrame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

async function serve(script: Script, port = 0) {
  const requests: Request[] = [];
  const server = new WebSocketServer({ port, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    const send = (frame: Downstream) => socket.send(JSON.stringify(frame));
    send({ type: 'connected', version: '1.0' });
    socket.on('message', (data: Buffer) => {
      const request = JSON.parse(data.toString()) as Request;
      requests.push(request);
      const code = script(request, send);
      if (code === 1006) socket.ping('', false, () => socket.terminate());
      else if (code !== null) socket.close(code);
    });
  });
  await once(server, 'listening');
  const { port: ownPort } = server.address() as AddressInfo;
  return {
    port: ownPort,
    requests,
    openCount: () => server.clients.size,
    client: new RunfleetClient({ apiUrl: `http://127.0.0.1:${ownPort}/v1`, webSocket: WebSocket }),
    [Symbol.asyncDispose]: async () => {
      for (const socket of server.clients) socket.terminate();
      if (server.address() === null) return;
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
