import { expect, test } from 'vitest';

import { shareReads } from './share-reads.ts';

function counted(found: Record<string, number>) {
  const reads: (readonly string[])[] = [];
  const read = shareReads(async (keys: readonly string[]) => {
    reads.push(keys);
    if (keys.includes('refused')) throw new Error('refused');
    return new Map(Object.entries(found));
  });
  return { reads, read };
}

test('what is asked for in one turn is read at once, and what is not found is null', async () => {
  const { reads, read } = counted({ a: 1, b: 2 });
  expect(await Promise.all([read('a'), read('b'), read('c')])).toEqual([1, 2, null]);
  expect(reads).toEqual([['a', 'b', 'c']]);
});

test('what is asked for during a read shares the next one', async () => {
  const { reads, read } = counted({ a: 1, b: 2, c: 3 });
  const first = read('a');
  await new Promise<void>((resolve) => process.nextTick(resolve));
  expect(await Promise.all([first, read('b'), read('c')])).toEqual([1, 2, 3]);
  expect(reads).toEqual([['a'], ['b', 'c']]);
});

test('a refused read rejects for every caller that shared it, and for no other', async () => {
  const { read } = counted({ a: 1 });
  await expect(Promise.all([read('refused'), read('a')])).rejects.toThrow('refused');
  expect(await read('a')).toBe(1);
});
