import { expect, test } from 'vitest';

import { placeTasks } from './place-tasks.ts';

const ids = (placed: ({ id: string } | null)[]) => placed.map((room) => room?.id ?? null);

test('tasks spread over the least loaded workers first', () => {
  const rooms = [
    { id: 'busy', free: 2, used: 2 },
    { id: 'idle', free: 4, used: 0 },
  ];
  expect(ids(placeTasks(4, rooms))).toEqual(['idle', 'idle', 'busy', 'idle']);
});

test('no worker gets more than it has room for', () => {
  expect(ids(placeTasks(3, [{ id: 'a', free: 1, used: 0 }]))).toEqual(['a', null, null]);
});

test('without workers nothing is placed', () => {
  expect(placeTasks(1, [])).toEqual([null]);
});
