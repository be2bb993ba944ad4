// How far the logits of an answer depend on what runs beside it, on this machine's CPU, for each
// published build at a small size: node --import tsx packages/engine/tools/measure-isolation.ts
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildModelFolder } from '../src/builder/build-model-folder.ts';
import { readModelFolder } from '../src/folder/model-folder.ts';
import { openOrtCapi } from '../src/runtime/ort-capi/ort-capi.ts';
import type { Runtime } from '../src/runtime/runtime.ts';
import { PUBLISHED_BUILDS } from '../src/testing/published-builds.ts';

const SIZE = { layers: 2, hiddenSize: 256, intermediateSize: 704, heads: 4 };
const POSITIONS = { originalMaxPositions: 1024, maxPositions: 1024 };
const BUILDS = { 'cpu-fp32': { precision: 'fp32' }, ...PUBLISHED_BUILDS } as const;
const BATCHES = [2, 4, 8, 16];
const STEPS = 4;
const LENGTHS = [129, 193, 256, 257, 385, 512];
const CHUNK = 32;
const ids = Array.from({ length: 512 }, (_, at) => 3 + ((at * 37 + ((at * at) % 11)) % 900));
const lengthOf = (slot: number) => 20 + 13 * slot;

async function read(runtime: Runtime, slot: number, length: number, most: number) {
  runtime.rewind(slot, 0);
  let logits = new Float32Array();
  for (let start = 0; start < length; start += most) {
    const chunk = ids.slice(start, Math.min(length, start + most));
    logits = Float32Array.from(await runtime.prefillChunk(slot, chunk, start));
  }
  return logits;
}

function distance(left: Float32Array | undefined, right: Float32Array | undefined): number {
  if (!left || !right) return Number.NaN;
  return left.reduce((most, value, at) => Math.max(most, Math.abs(value - (right[at] ?? 0))), 0);
}

/** The largest difference that other rows of the same run make. */
async function measureRows(runtime: Runtime, rows: number): Promise<number> {
  const slots = Array.from({ length: rows }, (_, slot) => slot);
  const row = (slot: number, step: number) => {
    const length = lengthOf(slot) + step;
    return { slot, length, id: ids[length] ?? 0 };
  };
  let furthest = 0;
  const alone = new Map<string, Float32Array>();
  for (const slot of slots) {
    await read(runtime, slot, lengthOf(slot), CHUNK);
    for (let step = 0; step < STEPS; step += 1) {
      const [logits = new Float32Array()] = await runtime.decode([row(slot, step)]);
      alone.set(`${slot} ${step}`, Float32Array.from(logits));
    }
    await read(runtime, slot, lengthOf(slot), CHUNK);
  }
  for (let step = 0; step < STEPS; step += 1) {
    const together = await runtime.decode(slots.map((slot) => row(slot, step)));
    for (const slot of slots) {
      furthest = Math.max(furthest, distance(together[slot], alone.get(`${slot} ${step}`)));
    }
  }
  return furthest;
}

const parent = await mkdtemp(join(tmpdir(), 'runfleet-isolation-'));
try {
  for (const [name, build] of Object.entries(BUILDS)) {
    const dir = join(parent, name);
    await buildModelFolder(dir, { ...SIZE, ...POSITIONS, ...build });
    const spec = { provider: 'cpu', threads: 2, slots: Math.max(...BATCHES) } as const;
    const runtime = await openOrtCapi(await readModelFolder(dir), spec);
    const cells: string[] = [];
    for (const rows of BATCHES) {
      cells.push(`${rows} rows ${(await measureRows(runtime, rows)).toExponential(1)}`);
    }
    for (const length of LENGTHS) {
      const whole = await read(runtime, 0, length, length);
      const parts = await read(runtime, 0, length, CHUNK);
      cells.push(`${length} tokens at once ${distance(whole, parts).toExponential(1)}`);
    }
    await runtime[Symbol.asyncDispose]();
    process.stdout.write(`${name}: ${cells.join(', ')}\n`);
  }
} finally {
  await rm(parent, { recursive: true, force: true });
}
