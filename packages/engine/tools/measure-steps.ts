// What a decode step costs beyond the graph's run: CPU time of the whole process while answers are
// written, minus that of bare runs on the same slots. Unlike the ratio of rates in `pnpm
// bench:engine` it can be measured on a busy machine. The model is small and has one thread, so its
// runs take little and nothing spins.
//
//  node --import tsx packages/engine/tools/measure-steps.ts
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { promptIds } from '../bench/protocol.ts';
import { buildModelFolder } from '../src/builder/build-model-folder.ts';
import { TINY_MODEL } from '../src/builder/model-size.ts';
import { readModelFolder } from '../src/folder/model-folder.ts';
import { openEngine } from '../src/open-engine.ts';
import { openRuntime } from '../src/runtime/open-runtime.ts';
import { aRequest } from '../src/testing/a-request.ts';

const BATCHES = [1, 8];
const CONTEXT = 64;
const STEPS = 300;
const ROUNDS = 15;
const ROUNDS_FIRST = 2;

const dir = await mkdtemp(join(tmpdir(), 'measure-steps-'));
await buildModelFolder(dir, { ...TINY_MODEL, vocabularySize: 32_064, precision: 'int4' });
const spec = {
  kind: 'onnx',
  modelDir: dir,
  provider: 'cpu',
  slots: Math.max(...BATCHES),
  threads: 1,
} as const;
const engine = await openEngine(spec);
const { runtime } = await openRuntime(await readModelFolder(dir), spec);
const neverAborted = new AbortController().signal;
let calls = 0;

for (const batch of BATCHES) {
  const differences: number[] = [];
  for (let round = 0; round < ROUNDS + ROUNDS_FIRST; round += 1) {
    const difference = (await cpuOf(() => answer(batch))) - (await cpuOf(() => runBare(batch)));
    // The first rounds warm up the compiler.
    if (round >= ROUNDS_FIRST) differences.push(difference / STEPS);
  }
  const sorted = differences.toSorted((left, right) => left - right);
  const [least, median, most] = [0, 0.5, 1].map((share) =>
    sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(0),
  );
  process.stdout.write(
    `batch ${batch}: ${median} us of CPU a step over bare runs (${least} to ${most} in ${ROUNDS} rounds)\n`,
  );
}
await engine[Symbol.asyncDispose]();
await runtime[Symbol.asyncDispose]();
await rm(dir, { recursive: true });

/** Microseconds of all threads. */
async function cpuOf(work: () => Promise<void>) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

async function answer(batch: number) {
  calls += 1;
  const request = aRequest('', { minTokens: STEPS, maxTokens: STEPS, cacheScope: String(calls) });
  const answers = Array.from({ length: batch }, (_, at) => {
    const prepared = { promptIds: promptIds(at, CONTEXT), request, callFormat: null };
    return engine.generate(prepared, () => {}, neverAborted);
  });
  await Promise.all(answers);
}

async function runBare(batch: number) {
  const slots = Array.from({ length: batch }, (_, slot) => slot);
  for (const slot of slots) {
    runtime.rewind(slot, 0);
    await runtime.prefillChunk(slot, promptIds(slot, CONTEXT), 0);
  }
  for (let step = 0; step < STEPS; step += 1) {
    await runtime.decode(slots.map((slot) => ({ slot, id: 500, length: CONTEXT + step })));
  }
}
