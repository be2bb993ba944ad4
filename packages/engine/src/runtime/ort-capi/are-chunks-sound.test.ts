import { expect, test } from 'vitest';

import { areChunksSound } from './are-chunks-sound.ts';

const LOGITS = 1000;

/** Logits that depend only on the last token, and on the length of its chunk as `shift` decides. */
function runtimeWith(shift: (chunkTokens: number) => number, slotTokens = 4096) {
  const logits = (id: number, tokens: number) =>
    Float32Array.from(
      { length: LOGITS },
      (_, at) => Math.sin(at * id) + shift(tokens) * Math.cos(at),
    );
  return {
    vocabularySize: LOGITS,
    slotClasses: [{ first: 0, count: 1, tokens: slotTokens }] as const,
    chunkTokensMax: () => 512,
    prefillChunk: async (_: number, ids: readonly number[] | Int32Array, start: number) => {
      if (start + ids.length > slotTokens) throw new RangeError('The slot is full.');
      return logits(ids.at(-1) ?? 0, ids.length);
    },
    decode: async (rows: readonly { id: number }[]) => rows.map(({ id }) => logits(id, 1)),
    rewind: () => {},
  };
}

test.each<[string, (tokens: number) => number, boolean]>([
  ['rounding alone, as on a CPU', (tokens) => (tokens === 1 ? 0.001 : 0), true],
  ['rounding of half precision', (tokens) => 0.004 * (tokens % 3), true],
  ['long chunks that are wrong', (tokens) => (tokens >= 32 ? 0.03 : 0.002), false],
  ['long chunks that are far off', (tokens) => (tokens >= 32 ? 2 : 0), false],
])('%s', async (_, shift, isSound) => {
  expect(await areChunksSound(runtimeWith(shift))).toBe(isSound);
});

test('slots smaller than the probe are probed up to their size', async () => {
  const isWrong = (tokens: number) => (tokens >= 32 ? 0.03 : 0.002);
  expect(await areChunksSound(runtimeWith(isWrong, 48))).toBe(false);
  expect(await areChunksSound(runtimeWith(isWrong, 24))).toBe(true);
});

test('the probe uses no id that the model does not have', async () => {
  const seen: number[] = [];
  const runtime = runtimeWith(() => 0);
  const prefillChunk = async (slot: number, ids: readonly number[] | Int32Array, start: number) => {
    seen.push(...ids);
    return await runtime.prefillChunk(slot, ids, start);
  };
  await areChunksSound({ ...runtime, prefillChunk, vocabularySize: 20 });
  expect(Math.max(...seen)).toBe(19);
});
