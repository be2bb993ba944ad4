import { expect, test } from 'vitest';

import { ByteBudget } from './byte-budget.ts';

test('one holder gets at most a quarter, so that room is left for others', () => {
  const budget = new ByteBudget(100);
  expect(budget.open('a').take(20)).toBeNull();
  expect(budget.open('a').take(6)).toBe('share');
  expect(budget.open('a').take(5)).toBeNull();
  expect(budget.open('b').take(25)).toBeNull();
});

test('all holders together get no more than the budget', () => {
  const budget = new ByteBudget(100);
  for (const holder of ['a', 'b', 'c', 'd']) expect(budget.open(holder).take(25)).toBeNull();
  expect(budget.open('e').take(1)).toBe('total');
});

test('released bytes can be taken again, and are released once', () => {
  const budget = new ByteBudget(100);
  const first = budget.open('a');
  first.take(10);
  first.take(15);
  expect(budget.open('a').take(1)).toBe('share');
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(budget.heldBytes).toBe(0);
  expect(budget.open('a').take(25)).toBeNull();
});

test('a request larger than the budget is accepted when it is alone', () => {
  const budget = new ByteBudget(100);
  const large = budget.open('a');
  expect(large.take(900)).toBeNull();
  expect(large.take(100)).toBeNull();
  expect(budget.open('b').take(1)).toBe('total');
  large[Symbol.dispose]();
  expect(budget.open('b').take(1)).toBeNull();
});
