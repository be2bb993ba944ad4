import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { expect, test } from 'vitest';

import { readModelFolder } from '../folder/model-folder.ts';
import { openEngine } from '../open-engine.ts';
import { aRequest } from '../testing/a-request.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { OnnxEngine, openInThread } from './onnx-engine.ts';
import type { OpenedModel } from './thread-messages.ts';

const never = new AbortController().signal;

test.each([
  ['crashes', "throw new Error('out of luck')", /crashed: out of luck/u],
  ['ends', 'process.exit(3)', /ended with exit code 3/u],
])('a thread that %s fails running requests and new ones', async (_, act, message) => {
  const script = `require('node:worker_threads').parentPort.on('message', () => { ${act} })`;
  const thread = new Worker(script, { eval: true, execArgv: [] });
  const folder = await readModelFolder(await tinyFolder());
  await using engine = new OnnxEngine(thread, folder, {
    provider: 'cpu',
    device: 'cpu',
    note: '',
    slots: 2,
    contextLength: 4096,
    isolation: 0,
    cacheBytesPerToken: 2048,
  });
  const prepared = await engine.prepare(aRequest('Hello'));
  const failure = { kind: 'infra', message: expect.stringMatching(message) };

  const runs = [1, 2].map(() => engine.generate(prepared, () => {}, never));
  const settled = await Promise.allSettled(runs);
  expect(settled).toMatchObject([{ reason: failure }, { reason: failure }]);
  await expect(engine.generate(prepared, () => {}, never)).rejects.toMatchObject(failure);
});

test('a thread that is killed during a model run fails nothing else', async () => {
  const dir = await tinyFolder();
  for (let round = 0; round < 3; round += 1) {
    const spec = { kind: 'onnx', modelDir: dir, provider: 'cpu', slots: 2, threads: 1 };
    const thread = new Worker(new URL('./engine-thread-entry.mjs', import.meta.url), {
      workerData: spec,
      execArgv: [],
    });
    const [opened] = (await once(thread, 'message')) satisfies OpenedModel[];
    const engine = new OnnxEngine(thread, await readModelFolder(dir), opened);
    const request = aRequest('', { maxTokens: 4000, minTokens: 4000 });
    const promptIds = Array.from({ length: 300 }, (_, at) => 3 + at);
    const run = new Promise((resolve, reject) => {
      // When the first output arrives, the next runs are under way.
      const onOutput = () => void thread.terminate();
      engine
        .generate({ promptIds, request, callFormat: null }, onOutput, never)
        .then(resolve, reject);
    });
    await expect(run).rejects.toMatchObject({ kind: 'infra' });
  }
  await using next = await openEngine({
    kind: 'onnx',
    modelDir: dir,
    provider: 'cpu',
    slots: 1,
    threads: 1,
  });
  const prepared = await next.prepare(aRequest('Hello', { maxTokens: 4, minTokens: 4 }));
  expect(await next.generate(prepared, () => {}, never)).toMatchObject({ completionTokens: 4 });
});

test('weights that are not numbers fail the run as a fault of the model, and the next run too', async () => {
  const dir = await tinyFolder({ inlineBytesMax: 0 });
  const data = await open(join(dir, 'model.onnx.data'), 'r+');
  await data.write(new Uint8Array(2 ** 20).fill(0xff), 0, 2 ** 20, 0);
  await data.close();
  await using engine = await openEngine({
    kind: 'onnx',
    modelDir: dir,
    provider: 'cpu',
    slots: 1,
    threads: 1,
  });
  const prepared = await engine.prepare(aRequest('Hello'));
  for (const greedy of [true, false]) {
    const run = engine.generate(
      { ...prepared, request: { ...prepared.request, greedy } },
      () => {},
      never,
    );
    await expect(run).rejects.toMatchObject({
      kind: 'model',
      message: expect.stringContaining('not finite'),
    });
  }
});

test('closing an engine that is already closing waits until its thread has ended', async () => {
  const dir = await tinyFolder();
  const spec = { kind: 'onnx', modelDir: dir, provider: 'cpu', slots: 1, threads: 1 };
  const thread = new Worker(new URL('./engine-thread-entry.mjs', import.meta.url), {
    workerData: spec,
    execArgv: [],
  });
  const engine = await openInThread(thread, dir);
  void engine[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  expect(thread.threadId).toBe(-1);
});

test.each(['slots', 'threads'])(
  '%s that are not a whole number are refused at once',
  async (name) => {
    const spec = {
      kind: 'onnx',
      modelDir: '/nowhere',
      provider: 'cpu',
      slots: 1,
      threads: 1,
    } as const;
    for (const value of [0, -1, 1.5, Number.NaN]) {
      await expect(openEngine({ ...spec, [name]: value })).rejects.toMatchObject({
        kind: 'infra',
        message: `${name} must be a whole number of 1 or more, not ${value}.`,
      });
    }
  },
);
