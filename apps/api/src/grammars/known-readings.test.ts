import { expect, test } from 'vitest';

import { KnownReadings } from './known-readings.ts';

const accepted = { steps: 1, refusal: null };

test('readings take bounded memory, and the least recently used is dropped', () => {
  const known = new KnownReadings(1_000);
  for (const key of ['a', 'b', 'c', 'd']) known.add(key, accepted);
  expect(known.get('a')).toBe(accepted);
  known.add('e', accepted);
  expect(['a', 'b', 'c', 'd', 'e'].map((key) => known.get(key) !== undefined)).toEqual([
    true,
    false,
    true,
    true,
    true,
  ]);
  // A tenant chooses how long the name of a field is.
  known.add('f', { steps: 1, refusal: { field: 'x'.repeat(300), problem: '' } });
  expect(['a', 'c', 'd', 'e', 'f'].filter((key) => known.get(key))).toEqual(
    ['e', 'f'].filter((key) => known.get(key)),
  );
});

test('a schema is not taken for a pattern, nor one tenant for another', () => {
  const keys = [
    KnownReadings.keyOf('a', { kind: 'regex', pattern: '{}' }),
    KnownReadings.keyOf('a', { kind: 'json_schema', schema: '{}' }),
    KnownReadings.keyOf('b', { kind: 'regex', pattern: '{}' }),
  ];
  expect(new Set(keys).size).toBe(3);
});
