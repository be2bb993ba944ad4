// Runs every published build, at tiny size, on a provider of this machine, and compares its logits
// with the float64 reference: node --import tsx packages/engine/optional/check-provider.mjs cuda
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildModelFolder } from '../src/builder/build-model-folder.ts';
import { TINY_MODEL } from '../src/builder/model-size.ts';
import { readModelFolder } from '../src/folder/model-folder.ts';
import { openOrtCapi } from '../src/runtime/ort-capi/ort-capi.ts';
import { PUBLISHED_BUILDS } from '../src/testing/published-builds.ts';
import { ReferencePhi } from '../src/testing/reference-phi.ts';

const provider = process.argv[2] ?? 'cpu';
// Half precision and int8 activations are this far from float64 where all is well.
const TOLERANCE = 0.4;
const SIZE = { ...TINY_MODEL, originalMaxPositions: 64, maxPositions: 512 };
const STEPS = 8;
const ids = Array.from({ length: 120 }, (_, at) => 3 + ((at * 37) % 900));

/** The largest distance of the reference's logits from what each way of running the graph gives. */
async function measure(dir, reference) {
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

async function runEachWay(runtime, reference) {
  const distance = (logits, length) => {
    const expected = reference.logits(ids.slice(0, length));
    return Math.max(...Array.from(expected, (logit, id) => Math.abs(logit - logits[id])));
  };
  const read = async (slot, length) => {
    let logits;
    for (let start = 0; start < length;) {
      const chunk = ids.slice(start, Math.min(length, start + runtime.chunkTokensMax(start)));
      logits = await runtime.prefillChunk(slot, chunk, start);
      start += chunk.length;
    }
    return logits;
  };
  const prefill = distance(await read(0, 40), 40);
  await runtime.prefillChunk(2, ids.slice(0, 9), 0);
  const chunks = distance(await runtime.prefillChunk(2, ids.slice(9, 21), 9), 21);

  let batch = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const rows = [
      { slot: 0, length: 40 + step, id: ids[40 + step] },
      { slot: 2, length: 21 + step, id: ids[21 + step] },
    ];
    for (const [at, logits] of (await runtime.decode(rows)).entries()) {
      batch = Math.max(batch, distance(logits, rows[at].length + 1));
    }
  }

  // One alone, a chunk onto an answer, and both together again.
  const [alone] = await runtime.decode([{ slot: 0, length: 48, id: ids[48] }]);
  const mixed = [distance(alone, 49)];
  mixed.push(distance(await runtime.prefillChunk(2, ids.slice(29, 34), 29), 34));
  const rows = [
    { slot: 0, length: 49, id: ids[49] },
    { slot: 2, length: 34, id: ids[34] },
  ];
  for (const [at, logits] of (await runtime.decode(rows)).entries()) {
    mixed.push(distance(logits, rows[at].length + 1));
  }

  const { first } = runtime.slotClasses[1];
  const long = distance(await read(first, 100), 100);
  return { prefill, chunks, batch, mixed: Math.max(...mixed), long };
}

const parent = await mkdtemp(join(tmpdir(), 'runfleet-check-'));
try {
  for (const [name, build] of Object.entries(PUBLISHED_BUILDS)) {
    const dir = join(parent, name);
    await buildModelFolder(dir, { ...SIZE, ...build });
    const { device, note, ...distances } = await measure(
      dir,
      new ReferencePhi({ ...SIZE, ...build }),
    );
    const told = Object.entries(distances).map(([what, by]) => `${what} ${by.toExponential(1)}`);
    const isRight = Object.values(distances).every((by) => by < TOLERANCE);
    if (!isRight) process.exitCode = 1;
    process.stdout.write(
      `${isRight ? 'right' : 'WRONG'}  ${name}: ${told.join(', ')}  (${[device, note].filter(Boolean).join('; ')})\n`,
    );
  }
} finally {
  await rm(parent, { recursive: true, force: true });
}
