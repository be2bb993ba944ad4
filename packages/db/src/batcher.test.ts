import { expect, test } from 'vitest';

import { Batcher } from './batcher.ts';

/** Sends numbers and holds each batch until `answer` is called. */
function heldBatcher(options: { itemsMax: number; batchesInFlightMax: number }) {
  const batches: (readonly number[])[] = [];
  const held: (() => void)[] = [];
  const batcher = new Batcher<number, number>(async (items) => {
    batches.push(items);
    await new Promise<void>((resolve) => held.push(resolve));
    return items.map((item) => -item);
  }, options);
  const answer = () => held.splice(0).forEach((resolve) => resolve());
  return { batcher, batches, answer };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('no batch is larger than its bound, and no more batches than allowed are in flight', async () => {
  const { batcher, batches, answer } = heldBatcher({ itemsMax: 2, batchesInFlightMax: 2 });
  const results = Promise.all([1, 2, 3, 4, 5].map((item) => batcher.add(item)));
  await turn();
  expect(batches).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(batcher.waiting).toBe(1);
  answer();
  await turn();
  expect(batches[2]).toEqual([5]);
  answer();
  expect(await results).toEqual([-1, -2, -3, -4, -5]);
});

test('a drained batcher has answered all its items', async () => {
  const { batcher, answer } = heldBatcher({ itemsMax: 1, batchesInFlightMax: 2 });
  const answered: number[] = [];
  for (const item of [1, 2, 3]) void batcher.add(item).then((result) => answered.push(result));
  const drained = batcher.drain();
  await turn();
  answer();
  await turn();
  answer();
  await drained;
  expect(answered).toEqual([-1, -2, -3]);
});

test('a failed batch rejects for each of its items, and the next one is sent', async () => {
  const batcher = new Batcher<number, number>(
    async (items) => {
      if (items.includes(0)) throw new Error('refused');
      return items;
    },
    { itemsMax: 2, batchesInFlightMax: 1 },
  );
  const settled = await Promise.allSettled([0, 1, 2].map((item) => batcher.add(item)));
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});
