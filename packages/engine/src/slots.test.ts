import { expect, test } from 'vitest';

import { Slots } from './slots.ts';

const never = new AbortController().signal;

test('a slot that is given back goes to the longest waiting caller', async () => {
  const slots = new Slots(1);
  const first = await slots.take(never);
  const order: string[] = [];
  const second = slots.take(never).then(() => order.push('second'));
  const third = slots.take(never).then(() => order.push('third'));
  slots.give(first);
  await second;
  expect(order).toEqual(['second']);
  slots.give(first);
  await third;
  expect(slots.freeCount).toBe(0);
});

test('an abort while waiting leaves the queue at once, and no slot is lost', async () => {
  const slots = new Slots(1);
  const slot = await slots.take(never);
  const abort = new AbortController();
  const waiting = slots.take(abort.signal);
  abort.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  slots.give(slot);
  expect(slots.freeCount).toBe(1);
});

test('a queue that is too long refuses the next caller', async () => {
  const slots = new Slots(1);
  for (let taken = 0; taken < 5; taken += 1) void slots.take(never);
  await expect(slots.take(never)).rejects.toMatchObject({ kind: 'infra' });
});

test.each([0, 1.5, -1])('refuses %s slots', (count) => {
  expect(() => new Slots(count)).toThrow(/slots must be a whole number/u);
});
