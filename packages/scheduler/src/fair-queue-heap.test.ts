import { expect, test } from 'vitest';

import { FairQueueHeap } from './fair-queue-heap.ts';

const byText = (one: string, other: string) => (one < other ? -1 : Number(one > other));

function drain(heap: FairQueueHeap): string {
  let order = '';
  for (let first = heap.first(); first; first = heap.first()) {
    order += first.id;
    heap.delete(first.id);
  }
  return order;
}

test('a heap orders its ids by number, and equal ones by id', () => {
  const heap = new FairQueueHeap(byText);
  for (const [id, at] of [
    ['d', 1],
    ['b', 2],
    ['c', 1],
    ['a', 2],
    ['e', 0],
  ] as const) {
    heap.set(id, at);
  }
  expect(heap.size).toBe(5);
  expect([heap.get('b'), heap.get('x')]).toEqual([2, undefined]);
  heap.set('a', 0.5);
  const copy = heap.copy();
  expect(drain(heap)).toBe('eacdb');
  expect(drain(copy)).toBe('eacdb');
});

test('delete returns whether the id was in the heap', () => {
  const heap = new FairQueueHeap(byText);
  heap.set('a', 1);
  expect([heap.delete('a'), heap.delete('a')]).toEqual([true, false]);
});

test('a cleared heap is empty', () => {
  const heap = new FairQueueHeap(byText);
  heap.set('a', 1);
  heap.clear();
  expect([heap.size, heap.get('a'), heap.first()]).toEqual([0, undefined, undefined]);
});
