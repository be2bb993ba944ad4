import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { expect, test } from 'vitest';

import { readModelFolder } from '../folder/model-folder.ts';
import { openEngine } from '../open-engine.ts';
import { aRequest } from '../testing/a-request.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { OnnxEngine } from './onnx-engine.ts';

const never = new AbortController().signal;

test.each([
  ['crashes', "throw new Error('out of luck')", /crashed: out of luck/u],
  ['ends', 'process.exit(3)', /ended with exit code 3/u],
])('a thread that %s fails what runs and what comes after', async (_, act, message) => {
  const script = `require('node:worker_threads').parentPort.on('message', () => { ${act} })`;
  const thread = new Worker(script, { eval: true, execArgv: [] });
  const folder = await readModelFolder(await tinyFolder());
  await using engine = new OnnxEngine(thread, folder, {
    provider: 'cpu',
    device: 'cpu',
    slots: 2,
    contextLength: 4096,
    cacheBytesPerToken: 2048,
  });
  const prepared = await engine.prepare(aRequest('Hello'));
  const failure = { kind: 'infra', message: expect.stringMatching(message) };

  const runs = [1, 2].map(() => engine.generate(prepared, () => {}, never));
  const settled = await Promise.allSettled(runs);
  expect(settled).toMatchObject([{ reason: failure }, { reason: failure }]);
  await expect(engine.generate(prepared, () => {}, never)).rejects.toMatchObject(failure);
});

test('weights that are not numbers end the run as the model’s fault, and the next run too', async () => {
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
