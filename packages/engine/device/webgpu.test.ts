import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Engine, GenerateRequest } from '../src/engine.ts';
import { readModelFolder } from '../src/folder/model-folder.ts';
import { openInThread } from '../src/onnx/onnx-engine.ts';
import { openEngine } from '../src/open-engine.ts';
import { openOrtCapi } from '../src/runtime/ort-capi/ort-capi.ts';
import type { ProviderName } from '../src/runtime/provider.ts';
import { SeededRandom } from '../src/sampling/seeded-random.ts';
import { aRequest, TWENTY_PROMPTS } from '../src/testing/a-request.ts';
import { tinyFolder } from '../src/testing/tiny-folder.ts';
import { useSoftwareVulkan, whyNoDevice } from './software-vulkan.ts';

const SIZE = { layers: 1, originalMaxPositions: 512, maxPositions: 1024 };
const SLOTS = 3;
const TOKENS = 8;
const MIB = 2 ** 20;
/** `DEVICE_REQUESTS=200` is the full form of the leak test. */
const REQUESTS = Number(process.env['DEVICE_REQUESTS'] ?? 40);
const never = new AbortController().signal;

let dir = '';
let device: Engine;
let cpu: Engine;

async function open(provider: ProviderName, modelDir = dir): Promise<Engine> {
  const spec = { kind: 'onnx', modelDir, provider, slots: SLOTS, threads: 1 } as const;
  return await openEngine(spec);
}

async function answer(
  engine: Engine,
  prompt: string,
  { signal = never, ...changes }: Partial<GenerateRequest> & { signal?: AbortSignal } = {},
): Promise<string> {
  const request = aRequest(prompt, { maxTokens: TOKENS, minTokens: TOKENS, ...changes });
  let text = '';
  const prepared = await engine.prepare(request);
  await engine.generate(prepared, (chunk) => (text += chunk.text), signal);
  return text;
}

/** All of them, as many at a time as there are slots. */
async function answerAll(engine: Engine, prompts: readonly string[]): Promise<string[]> {
  const left = [...prompts.entries()];
  const texts: string[] = [];
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      texts[next[0]] = await answer(engine, next[1]);
    }
  };
  await Promise.all(Array.from({ length: SLOTS }, lane));
  return texts;
}

describe.skipIf(whyNoDevice)(`webgpu on a software driver (${whyNoDevice ?? 'found'})`, () => {
  beforeAll(async () => {
    await useSoftwareVulkan();
    dir = await tinyFolder(SIZE);
    [device, cpu] = [await open('webgpu'), await open('cpu')];
  });
  afterAll(async () => {
    await device[Symbol.asyncDispose]();
    await cpu[Symbol.asyncDispose]();
  });

  test('20 prompts, several at a time, continue as on the CPU', async () => {
    expect(device.facts).toMatchObject({ provider: 'webgpu', slots: SLOTS });
    const prompts = TWENTY_PROMPTS.map((prompt) => prompt.slice(0, 100));
    expect(await answerAll(device, prompts)).toEqual(await answerAll(cpu, prompts));
  });

  test('answers beside cancelled ones stay the same, and every slot is free afterwards', async () => {
    const random = new SeededRandom(7n);
    const prompts = TWENTY_PROMPTS.slice(0, 8);
    const expected = await answerAll(cpu, prompts);
    const runs = prompts.map(async (prompt, at) => {
      const abort = new AbortController();
      const isCancelled = at % 2 === 1;
      if (isCancelled) setTimeout(() => abort.abort('cancelled'), random.nextUint32() % 400);
      const changes = isCancelled ? { maxTokens: 400, minTokens: 400 } : {};
      return await answer(device, prompt, { ...changes, signal: abort.signal });
    });
    const ended = await Promise.allSettled(runs);
    expect(ended).toEqual(
      expected.map((value, at) =>
        at % 2 === 1 ? { status: 'rejected', reason: 'cancelled' } : { status: 'fulfilled', value },
      ),
    );
    expect(await answerAll(device, prompts.slice(0, SLOTS))).toEqual(expected.slice(0, SLOTS));
  });

  test('a slot that moves between running alone and running with others keeps its tokens', async () => {
    const folder = await readModelFolder(dir);
    const spec = { threads: 1, slots: 3 };
    await using onDevice = await openOrtCapi(folder, { ...spec, provider: 'webgpu' });
    await using onCpu = await openOrtCapi(folder, { ...spec, provider: 'cpu' });
    const ids = Array.from({ length: 60 }, (_, at) => 3 + ((at * 37) % 900));
    const row = (slot: number, length: number) => ({ slot, length, id: ids[length] ?? 0 });
    let furthest = 0;
    const compare = (left: Float32Array[], right: Float32Array[]) => {
      for (const [at, logits] of left.entries()) {
        const distances = logits.map((logit, id) => Math.abs(logit - (right[at]?.[id] ?? 0)));
        furthest = Math.max(furthest, ...distances);
      }
    };
    const both = async (run: (runtime: typeof onCpu) => Promise<Float32Array[]>) =>
      compare(await run(onDevice), await run(onCpu));
    const read = (slot: number, from: number, to: number) =>
      both(async (runtime) => [await runtime.prefillChunk(slot, ids.slice(from, to), from)]);

    await read(0, 0, 10);
    await read(2, 0, 7);
    await both((runtime) => runtime.decode([row(0, 10), row(2, 7)]));
    await both((runtime) => runtime.decode([row(0, 11)]));
    await read(2, 8, 20);
    await read(1, 0, 5);
    await both((runtime) => runtime.decode([row(0, 12), row(1, 5), row(2, 20)]));
    for (const runtime of [onDevice, onCpu]) runtime.rewind(0, 6);
    await read(0, 6, 15);
    await both((runtime) => runtime.decode([row(0, 15), row(1, 6)]));
    expect(furthest).toBeLessThan(1e-3);
  });

  test('a run that is ended leaves its slot as it was', async () => {
    const folder = await readModelFolder(dir);
    const spec = { threads: 1, slots: 1 };
    await using onDevice = await openOrtCapi(folder, { ...spec, provider: 'webgpu' });
    await using onCpu = await openOrtCapi(folder, { ...spec, provider: 'cpu' });
    const ids = Array.from({ length: 26 }, (_, at) => 3 + ((at * 37) % 900));
    for (const runtime of [onDevice, onCpu]) await runtime.prefillChunk(0, ids.slice(0, 10), 0);
    const expected = Float32Array.from(await onCpu.prefillChunk(0, ids.slice(10), 10));
    let ended = 0;
    for (let round = 0; round < 6; round += 1) {
      const run = onDevice.prefillChunk(0, ids.slice(10).toReversed(), 10);
      for (let turn = 0; turn < round; turn += 1) await new Promise(setImmediate);
      onDevice.terminate();
      const [result] = await Promise.allSettled([run]);
      if (result.status === 'rejected') ended += 1;
      onDevice.rewind(0, 10);
      const logits = await onDevice.prefillChunk(0, ids.slice(10), 10);
      const furthest = Math.max(
        ...logits.map((logit, at) => Math.abs(logit - (expected[at] ?? 0))),
      );
      expect(furthest).toBeLessThan(1e-3);
      onDevice.rewind(0, 10);
    }
    expect(ended).toBeGreaterThan(0);
  });

  test('a device without half precision refuses such a folder when it is opened, with the reason', async () => {
    const half = await tinyFolder({ ...SIZE, precision: 'fp16' });
    await expect(open('webgpu', half)).rejects.toMatchObject({
      kind: 'infra',
      message: expect.stringMatching(/does not compute in half precision.*float32 cache/u),
    });
  });

  test('slots that no buffer of the device holds are refused when the engine opens, and the next engine opens', async () => {
    // Without this tool the engine assumes a small card, and plans for it.
    const tools = await mkdtemp(join(tmpdir(), 'runfleet-tools-'));
    await writeFile(join(tools, 'nvidia-smi'), '#!/bin/sh\necho 60000\n', { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = `${tools}:${path}`;
    const positions = { originalMaxPositions: 90_000, maxPositions: 90_000 };
    const wide = await tinyFolder({ ...SIZE, ...positions, hiddenSize: 512, heads: 32 });
    const spec = { kind: 'onnx', modelDir: wide, provider: 'webgpu', threads: 1 } as const;
    await expect(openEngine({ ...spec, slots: 6 })).rejects.toMatchObject({
      kind: 'infra',
      message: expect.stringMatching(/does not hold 6 slots of 90000 tokens in one buffer/u),
    });
    process.env['PATH'] = path;
    await rm(tools, { recursive: true });
    await using next = await open('webgpu');
    expect(await answer(next, 'Hello!')).toBe(await answer(cpu, 'Hello!'));
  });

  test('an engine that is closed during a run ends it', async () => {
    const closing = await open('webgpu');
    const run = answer(closing, 'Hello!', { maxTokens: 400, minTokens: 400 });
    const [ended] = await Promise.allSettled([run, closing[Symbol.asyncDispose]()]);
    expect(ended).toMatchObject({ status: 'rejected', reason: { kind: 'infra' } });
  });

  test('a thread that is killed during a run fails nothing else', async () => {
    const workerData = { kind: 'onnx', modelDir: dir, provider: 'webgpu', slots: 1, threads: 1 };
    const entry = new URL('../src/onnx/engine-thread-entry.mjs', import.meta.url);
    const thread = new Worker(entry, { workerData, execArgv: [] });
    const killed = await openInThread(thread, dir);
    const prepared = await killed.prepare(aRequest('Hello!', { maxTokens: 400, minTokens: 400 }));
    const run = new Promise((resolve, reject) => {
      killed.generate(prepared, () => void thread.terminate(), never).then(resolve, reject);
    });
    await expect(run).rejects.toMatchObject({ kind: 'infra' });
    expect(await answer(device, 'Hello!')).toBe(await answer(cpu, 'Hello!'));
  });

  test(`${REQUESTS} requests leave no memory behind`, async () => {
    const prompts = Array.from({ length: REQUESTS }, (_, at) => `${at} and ${at % 3}`);
    await answerAll(device, prompts.slice(0, REQUESTS / 2));
    const before = process.memoryUsage.rss();
    await answerAll(device, prompts.slice(REQUESTS / 2));
    expect((process.memoryUsage.rss() - before) / MIB).toBeLessThan(16 + REQUESTS / 4);
  });
});
