import { expect, test } from 'vitest';

import { TINY_MODEL } from '../builder/model-size.ts';
import { readModelFolder } from '../folder/model-folder.ts';
import { PUBLISHED_BUILDS } from '../testing/published-builds.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { measureIsolation } from './measure-isolation.ts';
import { openOrtCapi } from './ort-capi/ort-capi.ts';
import type { DecodeRow } from './runtime.ts';

/** Logits that move by `shift` if there are several rows. */
function runtimeWith(shift: number, count = 3) {
  const held = new Map<number, number>();
  const logits = ({ id, length }: DecodeRow, moved: number) =>
    Float64Array.from({ length: 50 }, (_, at) => Math.sin(at * id + length) + moved);
  return {
    held,
    vocabularySize: 50,
    slotClasses: [{ first: 0, count, tokens: 64 }] as const,
    prefillChunk: async (slot: number, ids: readonly number[] | Int32Array, start: number) => {
      held.set(slot, start + ids.length);
      return new Float32Array(50);
    },
    decode: async (rows: readonly DecodeRow[]) =>
      rows.map((row) => {
        expect(held.get(row.slot)).toBe(row.length);
        held.set(row.slot, row.length + 1);
        return Float32Array.from(logits(row, rows.length > 1 ? shift : 0));
      }),
    rewind: (slot: number, length: number) => void held.set(slot, length),
  };
}

test.each([
  [0, 0],
  [0.0078125, 0.008],
  [0.25, 0.3],
])('logits that move by %d beside others are measured as %d', async (shift, expected) => {
  const runtime = runtimeWith(shift);
  expect(await measureIsolation(runtime)).toBe(expected);
  expect([...runtime.held.values()]).toEqual([0, 0]);
});

test('a single slot has no answers beside it', async () => {
  expect(await measureIsolation(runtimeWith(1, 1))).toBe(0);
});

test.each(['cuda-fp16', 'cpu-int4-rtn-block-32', 'cpu-int4-rtn-block-32-acc-level-4'] as const)(
  'the build %s stays within what the docs state',
  async (name) => {
    const dir = await tinyFolder({ ...TINY_MODEL, ...PUBLISHED_BUILDS[name] });
    const spec = { provider: 'cpu', threads: 1, slots: 2 } as const;
    await using runtime = await openOrtCapi(await readModelFolder(dir), spec);
    expect(await measureIsolation(runtime)).toBeLessThan(1e-2);
  },
);
