import { expect, test } from 'vitest';

import { carriesLabels, laneOf, poolOfLane, requirementsOfLane } from './lane.ts';

test.each([
  ['phi', [], 'phi'],
  ['phi', ['gpu=H100', 'zone=a'], 'phi?gpu=H100,zone=a'],
])('tasks of %s that require %j wait in %s, whose name contains both', (pool, requires, lane) => {
  expect(laneOf(pool, requires)).toBe(lane);
  expect(poolOfLane(lane)).toBe(pool);
  expect(requirementsOfLane(lane)).toEqual(requires);
});

test('a worker must carry every required label and may carry more', () => {
  expect(carriesLabels(['gpu=H100', 'zone=a'], ['zone=a'])).toBe(true);
  expect(carriesLabels(['gpu=H100'], ['gpu=H100', 'zone=a'])).toBe(false);
  expect(carriesLabels([], [])).toBe(true);
});
