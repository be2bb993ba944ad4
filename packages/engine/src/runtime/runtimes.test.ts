import { describe, expect, test } from 'vitest';

import { type BuildOptions } from '../builder/build-model-folder.ts';
import { TINY_MODEL } from '../builder/model-size.ts';
import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { readModelFolder } from '../folder/model-folder.ts';
import { TWENTY_PROMPTS } from '../testing/a-request.ts';
import { encodeChat } from '../testing/chat.ts';
import { ReferencePhi } from '../testing/reference-phi.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { openOrtCapi } from './ort-capi/ort-capi.ts';
import { openOrtNode } from './ort-node/ort-node.ts';
import type { Runtime } from './runtime.ts';

const { tokenizer } = buildTokenizer(TINY_MODEL.vocabularySize);
const ids = tokenizer.encode(
  'A request becomes a task. The task waits in a fair queue, 中 and so on.',
);
const reference = new ReferencePhi(TINY_MODEL);
const expected = reference.logits(ids);
const dir = await tinyFolder();

type Kind = 'C API' | 'stock binding';
const KINDS = ['C API', 'stock binding'] as const satisfies Kind[];

async function open(kind: Kind, path = dir): Promise<Runtime> {
  const folder = await readModelFolder(path);
  const openKind = kind === 'C API' ? openOrtCapi : openOrtNode;
  return await openKind(folder, { provider: 'cpu', threads: 1, slots: 3 });
}

function difference(actual: Float32Array, wanted = expected): number {
  return Math.max(...Array.from(actual, (logit, id) => Math.abs(logit - (wanted[id] ?? 0))));
}

describe.each(KINDS)('%s', (kind) => {
  test('20 prompts continue with the ids of the float64 reference', async () => {
    await using runtime = await open(kind);
    for (const prompt of TWENTY_PROMPTS) {
      const promptIds = encodeChat([{ role: 'user', content: prompt }], tokenizer);
      let logits: Float32Array = await runtime.prefillChunk(0, promptIds, 0);
      const continued: number[] = [];
      for (let length = promptIds.length; continued.length < 24; length += 1) {
        const id = logits.indexOf(Math.max(...logits));
        continued.push(id);
        [logits = logits] = await runtime.decode([{ slot: 0, id, length }]);
      }
      runtime.rewind(0, 0);
      expect([prompt, ...continued]).toEqual([prompt, ...reference.generate(promptIds, 24)]);
    }
  });

  test('one prefill, chunks, and single tokens all give the logits of the float64 reference', async () => {
    await using runtime = await open(kind);
    expect(difference(await runtime.prefillChunk(0, ids, 0))).toBeLessThan(1e-4);

    await runtime.prefillChunk(1, ids.slice(0, 7), 0);
    await runtime.prefillChunk(1, ids.slice(7, 16), 7);
    expect(difference(await runtime.prefillChunk(1, ids.slice(16), 16))).toBeLessThan(1e-4);

    runtime.rewind(0, 0);
    let logits: Float32Array = new Float32Array();
    for (const [length, id] of ids.entries()) {
      [logits = new Float32Array()] = await runtime.decode([{ slot: 0, id, length }]);
    }
    expect(difference(logits)).toBeLessThan(1e-4);
  });

  test('verified tokens give the logits of the float64 reference after each of them', async () => {
    await using runtime = await open(kind);
    await runtime.prefillChunk(0, ids.slice(0, 9), 0);
    const rows = await runtime.verify(0, ids.slice(9), 9);
    expect(rows).toHaveLength(ids.length - 9);
    for (const [at, row] of rows.entries()) {
      expect(difference(row, reference.logits(ids.slice(0, 10 + at)))).toBeLessThan(1e-4);
    }
    runtime.rewind(0, 9);
    expect(difference(await runtime.prefillChunk(0, ids.slice(9), 9))).toBeLessThan(1e-4);
  });

  test('slots do not see each other', async () => {
    await using runtime = await open(kind);
    await runtime.prefillChunk(0, ids.slice(0, -1), 0);
    await runtime.prefillChunk(1, [5, 6, 7], 0);
    const [first, second] = await runtime.decode([
      { slot: 0, id: ids.at(-1) ?? 0, length: ids.length - 1 },
      { slot: 1, id: 8, length: 3 },
    ]);
    expect(difference(first ?? new Float32Array())).toBeLessThan(1e-4);
    expect(difference(second ?? new Float32Array())).toBeGreaterThan(0.1);
  });

  test('a rewound slot continues as if the rest had never been read', async () => {
    await using runtime = await open(kind);
    await runtime.prefillChunk(0, [...ids.slice(0, 10), 500, 501, 502], 0);
    runtime.rewind(0, 10);
    expect(difference(await runtime.prefillChunk(0, ids.slice(10), 10))).toBeLessThan(1e-4);
  });

  test('rows that fail together leave every slot unchanged', async () => {
    await using runtime = await open(kind);
    const length = ids.length - 1;
    await runtime.prefillChunk(0, ids.slice(0, -1), 0);
    await runtime.prefillChunk(1, [5, 6, 7], 0);
    const row = { slot: 0, id: ids.at(-1) ?? 0, length };
    const unknown = { slot: 1, id: 1_000_000, length: 3 };
    await expect(runtime.decode([row, unknown])).rejects.toMatchObject({ kind: 'infra' });
    const [logits = new Float32Array()] = await runtime.decode([row]);
    expect(difference(logits)).toBeLessThan(1e-4);
  });

  test('a closed runtime refuses every call, and may be closed again', async () => {
    const runtime = await open(kind);
    await runtime.prefillChunk(0, ids, 0);
    await runtime[Symbol.asyncDispose]();
    const closed = /is closed/u;
    await expect(runtime.prefillChunk(1, ids, 0)).rejects.toThrow(closed);
    await expect(runtime.verify(1, ids, 0)).rejects.toThrow(closed);
    await expect(runtime.decode([{ slot: 0, id: 5, length: ids.length }])).rejects.toThrow(closed);
    expect(() => runtime.rewind(0, 3)).toThrow(closed);
    expect(() => runtime.copy(0, 1, 3)).toThrow(closed);
    runtime.terminate();
    await runtime[Symbol.asyncDispose]();
  });

  test('tokens at the wrong position, or too many, are refused before the graph runs', async () => {
    await using runtime = await open(kind);
    await expect(runtime.prefillChunk(0, ids, 1)).rejects.toThrow(/Slot 0 holds 0 of 4096/u);
    await expect(runtime.prefillChunk(0, new Int32Array(4097), 0)).rejects.toThrow(/4097 cannot/u);
    await expect(runtime.prefillChunk(9, ids, 0)).rejects.toThrow(/no slot 9/u);
  });
});

test.each<[string, BuildOptions, number]>([
  ['fp32 with position_ids', { variant: 'gpu' }, 1e-4],
  ['fp32 with its weights beside it', { inlineBytesMax: 0 }, 1e-4],
  ['fp16', { precision: 'fp16' }, 0.05],
  ['fp16 with position_ids', { precision: 'fp16', variant: 'gpu' }, 0.05],
])('%s is as close as its precision allows', async (_, options, tolerance) => {
  for (const kind of KINDS) {
    await using runtime = await open(kind, await tinyFolder(options));
    await runtime.prefillChunk(0, ids.slice(0, 9), 0);
    expect(difference(await runtime.prefillChunk(0, ids.slice(9), 9))).toBeLessThan(tolerance);
  }
});

// The graph requests int8 activations (accuracy_level 4), which explain the remaining distance.
test.each<[string, BuildOptions]>([
  ['in blocks of 32', { precision: 'int4', blockSize: 32 }],
  ['with position_ids, in blocks of 128', { precision: 'int4', variant: 'gpu', blockSize: 128 }],
])('int4 %s computes with the rounded weights', async (_, options) => {
  const rounded = new ReferencePhi({ ...TINY_MODEL, ...options }).logits(ids);
  for (const kind of KINDS) {
    await using runtime = await open(kind, await tinyFolder(options));
    await runtime.prefillChunk(0, ids.slice(0, 9), 0);
    const logits = await runtime.prefillChunk(0, ids.slice(9), 9);
    expect(difference(logits, rounded)).toBeLessThan(0.3);
  }
});
