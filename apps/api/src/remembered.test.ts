import { expect, test } from 'vitest';

import { Remembered } from './remembered.ts';

test('a value is read once until it expires', async () => {
  let [reads, nowMs] = [0, 0];
  const remembered = new Remembered(
    async () => ++reads,
    100,
    () => nowMs,
  );
  expect(await Promise.all([remembered.read(), remembered.read()])).toEqual([1, 1]);
  nowMs = 99;
  expect(await remembered.read()).toBe(1);
  nowMs = 100;
  expect(await remembered.read()).toBe(2);
});

test('a failure reaches its waiting callers, and the next call reads again', async () => {
  let reads = 0;
  const read = async () => {
    reads += 1;
    if (reads === 1) throw new Error('away');
    return reads;
  };
  const remembered = new Remembered(read, 100, () => 0);
  await expect(remembered.read()).rejects.toThrow('away');
  expect(await remembered.read()).toBe(2);
});
