import { expect, test } from 'vitest';

import { LaneMerge } from './merge-lanes.ts';

const task = (organisationId: string, changes: { cost?: number; weight?: number } = {}) => ({
  organisationId,
  cost: 1_000,
  weight: 1,
  ...changes,
});
const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const countOf = (tasks: readonly { organisationId: string }[], organisationId: string) =>
  tasks.filter((one) => one.organisationId === organisationId).length;

test('one lane keeps its order', () => {
  const lane = [task('a'), task('a'), task('b'), task('a')];
  expect(new LaneMerge().take([lane], 3)).toEqual(lane.slice(0, 3));
});

test('a tenant in several lanes gets no more than a tenant in one lane', () => {
  const spread = many(3, () => many(100, () => task('spreads')));
  const taken = new LaneMerge().take([many(100, () => task('stays')), ...spread], 60);
  expect(countOf(taken, 'stays')).toBe(30);
  expect(countOf(taken, 'spreads')).toBe(30);
});

test('a tenant’s charges are remembered between calls', () => {
  const merge = new LaneMerge();
  const taken = many(20, () => merge.take([[task('first')], [task('second')]], 1)).flat();
  expect(countOf(taken, 'first')).toBe(10);
});

test('slot-time counts, not tasks, and twice the weight is twice the share', () => {
  const long = many(100, () => task('long', { cost: 4_000 }));
  const short = many(100, () => task('short', { cost: 1_000 }));
  const heavy = many(100, () => task('heavy', { cost: 1_000, weight: 2 }));
  const taken = new LaneMerge().take([long, short, heavy], 65);
  expect(countOf(taken, 'long')).toBe(5);
  expect(countOf(taken, 'short')).toBe(20);
  expect(countOf(taken, 'heavy')).toBe(40);
});

test('a tenant that returns is not owed the time of its absence', () => {
  const merge = new LaneMerge();
  merge.take([many(50, () => task('worked'))], 50);
  merge.take([many(50, () => task('other'))], 50);
  const taken = merge.take([many(20, () => task('late')), many(20, () => task('worked'))], 20);
  expect(countOf(taken, 'late')).toBe(10);
});
