import { expect, test } from 'vitest';

import { chunkNeed, type MemoryNeed, planChunk, planMemory } from './memory-plan.ts';

// Phi-3.5-mini with a cache of float32: 32 layers, 32 heads of 96.
const FULL: MemoryNeed = {
  availableBytes: 20 * 2 ** 30,
  cacheBytesPerToken: 786_432,
  chunkBytesPerToken: 32_064 * 4 + 16 * 3072 * 4,
  chunkBytesPerPair: 32 * 4,
  slots: 8,
  shortTokens: 4096,
  longTokens: 131_072,
};

test.each([
  ['memory for four slots and a long one', {}, { slots: 4, longTokens: 5632 }],
  [
    'fewer slots leave more memory for the long one',
    { slots: 2 },
    { slots: 2, longTokens: 14_848 },
  ],
  [
    'half precision holds twice as much',
    { cacheBytesPerToken: 393_216 },
    { slots: 8, longTokens: 13_568 },
  ],
  ['no long sequences, no long slot', { longTokens: 4096 }, { slots: 5, longTokens: undefined }],
  ['one slot and no more', { availableBytes: 4.2 * 2 ** 30 }, { slots: 1, longTokens: undefined }],
  ['plenty', { availableBytes: 2 ** 40, slots: 64 }, { slots: 64, longTokens: 131_072 }],
])('%s', (_, changes, plan) => {
  const need = { ...FULL, ...changes };
  const planned = planMemory(need);
  expect(planned).toMatchObject(plan);
  const tokens = planned.slots * need.shortTokens + (planned.longTokens ?? 0);
  const bytes = tokens * need.cacheBytesPerToken + planned.scratchBytes;
  expect(bytes).toBeLessThanOrEqual(0.9 * need.availableBytes);
});

test('memory for less than one slot is refused, and the error gives the bytes needed', () => {
  expect(() => planMemory({ ...FULL, availableBytes: 3 * 2 ** 30 })).toThrow(
    /4096 tokens needs 3072 MiB, but only 2420 MiB are free/u,
  );
});

test('chunks shrink with the tokens before them, and with the memory for scores', () => {
  const scratch = 2 ** 28;
  expect([0, 4096, 32_768, 131_072].map((start) => planChunk(FULL, scratch, start))).toEqual([
    512, 256, 32, 16,
  ]);
  for (const start of [0, 5000, 40_000]) {
    const tokens = planChunk(FULL, scratch, start);
    const bytes = tokens * (FULL.chunkBytesPerToken + (start + tokens) * FULL.chunkBytesPerPair);
    expect(bytes).toBeLessThanOrEqual(scratch);
  }
});

test('a chunk works in the heads of the queries, of which a cache may have fewer', () => {
  const logits = { logitsType: 'float32', vocabularySize: 49_152 } as const;
  const shared = chunkNeed(
    { heads: 3, headSize: 64, ...logits },
    { queryHeads: 9, intermediateSize: 1_536 },
  );
  const own = chunkNeed({ heads: 9, headSize: 64, ...logits }, { intermediateSize: 1_536 });
  expect(shared).toEqual(own);
  expect(shared).toEqual({
    chunkBytesPerToken: 4 * (49_152 + 4 * 1_536 + 5 * 576),
    chunkBytesPerPair: 36,
  });
});

test('without a stated width, the feed-forward counts as 2.75 times as wide as the model', () => {
  const shape = { heads: 32, headSize: 96, logitsType: 'float32', vocabularySize: 32_064 } as const;
  const stated = chunkNeed(shape, { intermediateSize: 8_192 });
  const assumed = chunkNeed(shape, {});
  expect(assumed.chunkBytesPerToken / stated.chunkBytesPerToken).toBeCloseTo(1, 1);
});
