import { expect, test } from 'vitest';

import { leaveWorkers, UNSERVED_MS_MAX } from './leave-workers.ts';

const LONG = UNSERVED_MS_MAX;
const worker = (id: string, ...pools: string[]) => ({
  id,
  models: Object.fromEntries(pools.map((pool) => [pool, {}])),
});
const workers = [worker('2', 'a', 'b'), worker('1', 'a', 'b'), worker('0', 'a'), worker('3', 'b')];

const left = (unserved: Record<string, number>, pool = 'a') => [
  ...leaveWorkers(pool, workers, new Map(Object.entries(unserved))),
];

test('a pool that waited for long is left one of the workers that serve both', () => {
  expect(left({ b: LONG })).toEqual(['1']);
});

test('a pool that waited briefly, or shares no worker, is left none', () => {
  expect(left({ b: LONG - 1 })).toEqual([]);
  expect(left({ c: LONG })).toEqual([]);
  expect(left({})).toEqual([]);
});

test('of two waiting pools exactly one is left the worker: the one that waited longer', () => {
  const unserved = { a: LONG + 1, b: LONG };
  expect(left(unserved, 'a')).toEqual([]);
  expect(left(unserved, 'b')).toEqual(['1']);
});
