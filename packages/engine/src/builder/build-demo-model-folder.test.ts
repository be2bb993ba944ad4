import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { openEngine } from '../open-engine.ts';
import { aRequest } from '../testing/a-request.ts';
import { buildDemoModelFolder } from './build-demo-model-folder.ts';

const parent = await mkdtemp(join(tmpdir(), 'runfleet-demo-'));
const dir = join(parent, 'demo');
const first = await buildDemoModelFolder(dir);
const engine = await openEngine({
  kind: 'onnx',
  modelDir: dir,
  provider: 'cpu',
  slots: 1,
  threads: 1,
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(parent, { recursive: true, force: true });
});

test('the folder is written once', async () => {
  expect(first).toMatchObject({ isBuilt: true });
  expect(await buildDemoModelFolder(dir)).toMatchObject({ isBuilt: false });
});

test.each([
  ['Hello!', 'hello'],
  ['Who are you?', 'demo model'],
  ['What is 2+3?', '2 + 3 = 5.'],
  ['What is a task?', 'one request'],
  ['Bye!', 'goodbye'],
])('the demo model answers %s and ends its answer', async (prompt, expected) => {
  const prepared = await engine.prepare(aRequest(prompt, { maxTokens: 100 }));
  let answer = '';
  const { finishReason } = await engine.generate(
    prepared,
    ({ text }) => (answer += text),
    new AbortController().signal,
  );
  expect(answer.toLowerCase()).toContain(expected);
  expect(finishReason).toBe('stop');
});
