// Runs every published build, at tiny size, on a provider of this machine, and compares its logits
// with the float64 reference: node --import tsx packages/engine/tools/check-provider.ts cuda
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildModelFolder } from '../src/builder/build-model-folder.ts';
import { TINY_MODEL } from '../src/builder/model-size.ts';
import { readModelFolder } from '../src/folder/model-folder.ts';
import { openOrtCapi } from '../src/runtime/ort-capi/ort-capi.ts';
import type { ProviderName } from '../src/runtime/provider.ts';
import type { Runtime } from '../src/runtime/runtime.ts';
import { PUBLISHED_BUILDS } from '../src/testing/published-builds.ts';
import { ReferencePhi } from '../src/testing/reference-phi.ts';

const PROVIDERS: readonly ProviderName[] = ['cpu', 'cuda', 'webgpu'];
const provider = PROVIDERS.find((name) => name === (process.argv[2] ?? 'cpu'));
if (!provider) throw new Error(`Name a provider: ${PROVIDERS.join(', ')}.`);
// Half precision and int8 activations are within this distance of float64 if everything is right.
const TOLERANCE = 0.4;
const SIZE = { ...TINY_MODEL, originalMaxPositions: 64, maxPositions: 512 };
const STEPS = 8;
const ids = Array.from({ length: 120 }, (_, at) => 3 + ((at * 37) % 900));

/** The largest distance from the reference's logits, for each way of running the graph. */
async function measure(dir: string, provider: ProviderName, reference: ReferencePhi) {
  const folder = await readModelFolder(dir);
  const spec = { provider, threads: 2, slots: 4, contextLength: SIZE.maxPositions };
  const runtime = await openOrtCapi(folder, spec);
  try {
    const { device, note } = runtime;
    return { device, note, ...(await runEachWay(runtime, reference)) };
  } finally {
    await runtime[Symbol.asyncDispose]();
  }
}

async function runEachWay(runtime: Runtime, reference: ReferencePhi) {
  const distance = (logits: Float32Array, length: number) => {
    const expected = reference.logits(ids.slice(0, length));
    return Math.max(...Array.from(expected, (logit, id) => Math.abs(logit - (logits[id] ?? NaN))));
  };
  const read = async (slot: number, length: number) => {
    let logits: Float32Array = new Float32Array();
    for (let start = 0; start < length;) {
      const chunk = ids.slice(start, Math.min(length, start + runtime.chunkTokensMax(start)));
      logits = await runtime.prefillChunk(slot, chunk, start);
      start += chunk.length;
    }
    return logits;
  };
  const row = (slot: number, length: number) => ({ slot, length, id: ids[length] ?? NaN });
  const decode = async (rows: readonly { slot: number; length: number; id: number }[]) => {
    const logits = await runtime.decode(rows);
    return Math.max(
      ...rows.map(({ length }, at) => distance(logits[at] ?? new Float32Array(), length + 1)),
    );
  };
  const prefill = distance(await read(0, 40), 40);
  await runtime.prefillChunk(2, ids.slice(0, 9), 0);
  const chunks = distance(await runtime.prefillChunk(2, ids.slice(9, 21), 9), 21);

  let batch = 0;
  for (let step = 0; step < STEPS; step += 1) {
    batch = Math.max(batch, await decode([row(0, 40 + step), row(2, 21 + step)]));
  }

  // One row alone, a chunk after an answer, and both together again.
  const mixed = [await decode([row(0, 48)])];
  mixed.push(distance(await runtime.prefillChunk(2, ids.slice(29, 34), 29), 34));
  mixed.push(await decode([row(0, 49), row(2, 34)]));

  const [, longSlots] = runtime.slotClasses;
  const long = longSlots ? distance(await read(longSlots.first, 100), 100) : NaN;
  return { prefill, chunks, batch, mixed: Math.max(...mixed), long };
}

const parent = await mkdtemp(join(tmpdir(), 'runfleet-check-'));
try {
  for (const [name, build] of Object.entries(PUBLISHED_BUILDS)) {
    const dir = join(parent, name);
    await buildModelFolder(dir, { ...SIZE, ...build });
    const { device, note, ...distances } = await measure(
      dir,
      provider,
      new ReferencePhi({ ...SIZE, ...build }),
    );
    const summary = Object.entries(distances).map(([what, by]) => `${what} ${by.toExponential(1)}`);
    const isRight = Object.values(distances).every((by) => by < TOLERANCE);
    if (!isRight) process.exitCode = 1;
    process.stdout.write(
      `${isRight ? 'right' : 'WRONG'}  ${name}: ${summary.join(', ')}  (${[device, note].filter(Boolean).join('; ')})\n`,
    );
  }
} finally {
  await rm(parent, { recursive: true, force: true });
}
