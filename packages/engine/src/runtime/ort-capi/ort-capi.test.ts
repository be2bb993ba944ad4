import { readFile, writeFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import type { BuildOptions } from '../../builder/build-model-folder.ts';
import { TINY_MODEL } from '../../builder/model-size.ts';
import { EngineError } from '../../engine-error.ts';
import { type ModelFolder, readModelFolder } from '../../folder/model-folder.ts';
import { SeededRandom } from '../../sampling/seeded-random.ts';
import { ReferencePhi } from '../../testing/reference-phi.ts';
import { tinyFolder } from '../../testing/tiny-folder.ts';
import { InferenceSession, Tensor } from '../onnxruntime-node.ts';
import { openOrtCapi } from './ort-capi.ts';

// A short table of this size keeps long sequences small enough for the reference.
const SHORT = { originalMaxPositions: 64, maxPositions: 512 };
const ids = Array.from({ length: 200 }, (_, at) => 3 + ((at * 37) % 900));

async function open(options: BuildOptions = {}, slots = 4) {
  const folder = await readModelFolder(await tinyFolder(options));
  return await openOrtCapi(folder, { provider: 'cpu', threads: 1, slots, contextLength: 8192 });
}

function difference(actual: Float32Array | undefined, wanted: Float64Array): number {
  return Math.max(...Array.from(wanted, (logit, id) => Math.abs(logit - (actual?.[id] ?? 0))));
}

test('rows of different length are decoded together, each as if alone, whatever is between them', async () => {
  await using runtime = await open();
  const reference = new ReferencePhi(TINY_MODEL);
  const lengths = [5, 40, 17];
  for (const [at, slot] of [0, 1, 3].entries()) {
    await runtime.prefillChunk(slot, ids.slice(0, lengths[at]), 0);
  }
  // Slot 2 is between them and holds half a prompt.
  await runtime.prefillChunk(2, ids.slice(0, 30), 0);
  for (let step = 0; step < 6; step += 1) {
    const rows = [0, 1, 3].map((slot, at) => {
      const length = (lengths[at] ?? 0) + step;
      return { slot, length, id: ids[length] ?? 0 };
    });
    const logits = await runtime.decode(rows);
    for (const [at, { length }] of rows.entries()) {
      expect(difference(logits[at], reference.logits(ids.slice(0, length + 1)))).toBeLessThan(1e-4);
    }
  }
  const rest = await runtime.prefillChunk(2, ids.slice(30, 60), 30);
  expect(difference(rest, reference.logits(ids.slice(0, 60)))).toBeLessThan(1e-4);
});

test('a copied start continues as if it had been read', async () => {
  await using runtime = await open();
  const expected = new ReferencePhi(TINY_MODEL).logits(ids.slice(0, 50));
  await runtime.prefillChunk(1, ids.slice(0, 40), 0);
  runtime.copy(1, 3, 33);
  const logits = await runtime.prefillChunk(3, ids.slice(33, 50), 33);
  expect(difference(logits, expected)).toBeLessThan(1e-4);
});

test('a full slot may be between rows that are decoded', async () => {
  await using runtime = await open(SHORT);
  const reference = new ReferencePhi({ ...TINY_MODEL, ...SHORT });
  await runtime.prefillChunk(0, ids.slice(0, 9), 0);
  await runtime.prefillChunk(1, ids.slice(0, 64), 0);
  await runtime.prefillChunk(2, ids.slice(0, 9), 0);
  const logits = await runtime.decode([0, 2].map((slot) => ({ slot, length: 9, id: ids[9] ?? 0 })));
  for (const row of logits) {
    expect(difference(row, reference.logits(ids.slice(0, 10)))).toBeLessThan(1e-4);
  }
});

test.each<[string, BuildOptions, number]>([
  ['chosen by the mask', {}, 1e-4],
  ['chosen by positions', { variant: 'gpu' }, 1e-4],
  ['chosen by positions, at half precision', { variant: 'gpu', precision: 'fp16' }, 0.05],
])('the long slot computes with the long rope table, %s', async (_, options, tolerance) => {
  await using runtime = await open({ ...SHORT, ...options });
  const reference = new ReferencePhi({ ...TINY_MODEL, ...SHORT });
  const [short, long] = runtime.slotClasses;
  expect(short).toEqual({ first: 0, count: 4, tokens: 64 });
  expect(long).toEqual({ first: 4, count: 1, tokens: 512 });

  await runtime.prefillChunk(4, ids.slice(0, 20), 0);
  await runtime.prefillChunk(4, ids.slice(20, 64), 20);
  const read = await runtime.prefillChunk(4, ids.slice(64, 100), 64);
  expect(difference(read, reference.logits(ids.slice(0, 100)))).toBeLessThan(tolerance);
  const [next] = await runtime.decode([{ slot: 4, id: ids[100] ?? 0, length: 100 }]);
  expect(difference(next, reference.logits(ids.slice(0, 101)))).toBeLessThan(tolerance);

  const full = await runtime.prefillChunk(0, ids.slice(0, 64), 0);
  expect(difference(full, reference.logits(ids.slice(0, 64)))).toBeLessThan(tolerance);
});

test.each<[string, BuildOptions]>([
  ['chosen by the mask', {}],
  ['chosen by positions', { variant: 'gpu' }],
])(
  '6,000 tokens in chunks give the same bits as one run of all of them, tables %s',
  async (_, options) => {
    const geometry = { hiddenSize: 96, heads: 1, intermediateSize: 128, layers: 1 };
    const dir = await tinyFolder({ ...geometry, maxPositions: 131_072, ...options });
    const folder = await readModelFolder(dir);
    const long = Array.from({ length: 6000 }, (__, at) => 3 + ((at * 37 + ((at * at) % 11)) % 900));
    const expected = await runOnce(folder.graphPath, long, geometry);

    await using runtime = await openOrtCapi(folder, {
      provider: 'cpu',
      threads: 1,
      slots: 1,
      contextLength: 8192,
    });
    let logits: Float32Array | undefined;
    for (let start = 0; start < long.length; start += 500) {
      logits = await runtime.prefillChunk(1, long.slice(start, start + 500), start);
    }
    expect(logits).toEqual(expected);
  },
);

/** The logits after the last of `ids`, from one run of the stock binding. */
async function runOnce(
  graphPath: string,
  ids: readonly number[],
  { layers, heads, hiddenSize }: { layers: number; heads: number; hiddenSize: number },
): Promise<Float32Array> {
  const session = await InferenceSession.create(graphPath);
  const int64 = (values: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, ids.length]);
  const feeds: Record<string, Tensor> = {
    input_ids: int64(ids),
    attention_mask: int64(ids.map(() => 1)),
  };
  if (session.inputNames.includes('position_ids')) {
    feeds['position_ids'] = int64(ids.map((__, at) => at));
  }
  const shape = [1, heads, 0, hiddenSize / heads];
  for (let layer = 0; layer < layers; layer += 1) {
    for (const part of ['key', 'value']) {
      feeds[`past_key_values.${layer}.${part}`] = new Tensor('float32', new Float32Array(), shape);
    }
  }
  const { logits } = await session.run(feeds, ['logits']);
  await session.release();
  if (!(logits?.data instanceof Float32Array)) throw new TypeError('There are no float32 logits.');
  return logits.data.slice(-TINY_MODEL.vocabularySize);
}

test('a graph with bytes changed anywhere runs or is refused as damaged, and never crashes the process', async () => {
  const dir = await tinyFolder();
  const folder = await readModelFolder(dir);
  const whole = await readFile(folder.graphPath);
  const random = new SeededRandom(5n);
  const kinds = new Map<string, number>();
  for (let round = 0; round < 40; round += 1) {
    const damaged = Buffer.from(whole);
    // The nodes come before the weights, the names of inputs and outputs after them.
    const ranges = [
      { from: 0, length: 20_000 },
      { from: 0, length: damaged.length },
      { from: damaged.length - 5000, length: 5000 },
    ];
    const { from, length } = ranges[round % 3] ?? { from: 0, length: 1 };
    for (let change = 0; change < 5; change += 1) {
      damaged[from + (random.nextUint32() % length)] = random.nextUint32() % 256;
    }
    await writeFile(folder.graphPath, damaged);
    const outcome = await runOne(folder).catch((error: unknown) =>
      error instanceof EngineError ? error.kind : 'unexpected',
    );
    kinds.set(outcome, (kinds.get(outcome) ?? 0) + 1);
  }
  expect(kinds.get('model')).toBeGreaterThan(3);
  expect(kinds.get('ran')).toBeGreaterThan(3);
  expect(kinds.get('unexpected')).toBeUndefined();
});

async function runOne(folder: ModelFolder): Promise<string> {
  await using runtime = await openOrtCapi(folder, { provider: 'cpu', threads: 1, slots: 1 });
  await runtime.prefillChunk(0, [5, 6, 7], 0);
  return 'ran';
}

test('a terminated run rejects and leaves its slot unchanged, and the next run is complete', async () => {
  // Large enough that a run is not over before a busy machine lets this process end it.
  await using runtime = await open({ layers: 8, hiddenSize: 512, intermediateSize: 1024 });
  await runtime.prefillChunk(1, ids.slice(0, 10), 0);
  const expected = Float64Array.from(await runtime.prefillChunk(1, ids.slice(10, 60), 10));
  const long = Array.from({ length: 512 }, () => 7);
  for (let round = 0; round < 20; round += 1) {
    await runtime.prefillChunk(0, ids.slice(0, 10), 0);
    const run = runtime.prefillChunk(0, long, 10);
    for (let turn = 0; turn < round % 4; turn += 1) await new Promise(setImmediate);
    runtime.terminate();
    await expect(run).rejects.toMatchObject({
      kind: 'infra',
      message: expect.stringMatching(/was stopped/u),
    });
    const logits = await runtime.prefillChunk(0, ids.slice(10, 60), 10);
    expect(difference(logits, expected)).toBe(0);
    runtime.rewind(0, 0);
  }
});

test('a run leaves the event loop free', async () => {
  await using runtime = await open({ layers: 8, hiddenSize: 512, intermediateSize: 1024 });
  const chunk = Array.from({ length: 512 }, (_, at) => 3 + at);
  const startedAt = performance.now();
  let turns = 0;
  let isDone = false;
  const run = runtime.prefillChunk(0, chunk, 0).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await new Promise(setImmediate);
    turns += 1;
  }
  await run;
  expect(performance.now() - startedAt).toBeGreaterThan(20);
  expect(turns).toBeGreaterThan(100);
});

test('a closed runtime has ended its run and released its memory', async () => {
  const folder = await readModelFolder(await tinyFolder());
  const openOne = () => openOrtCapi(folder, { provider: 'cpu', threads: 1, slots: 64 });
  const residents: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    const runtime = await openOne();
    const run = runtime.prefillChunk(
      0,
      Array.from({ length: 512 }, () => 9),
      0,
    );
    const [ended] = await Promise.allSettled([run, runtime[Symbol.asyncDispose]()]);
    expect(ended.status).toBe('rejected');
    residents.push(process.memoryUsage.rss());
  }
  const [settled = 0, last = 0] = [residents[3], residents.at(-1)];
  expect(last - settled).toBeLessThan(64 * 2 ** 20);
});
