import { expect, test } from 'vitest';

import { lookUpNext } from './prompt-lookup.ts';

test.for([
  ['what followed the last tokens before', [1, 2, 3, 4, 5, 1, 2, 3], 8, [4, 5, 1, 2, 3]],
  ['no more than requested', [1, 2, 3, 4, 5, 1, 2, 3], 1, [4]],
  ['the latest occurrence', [1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3], 1, [5]],
  ['a text that repeats one token', [7, 7, 7, 7], 4, [7]],
  ['nothing if nothing repeats', [1, 2, 3, 4, 5, 6], 4, []],
  ['nothing of a short text', [1, 2], 4, []],
] as const)('looks up %s', ([, ids, most, expected]) => {
  expect(lookUpNext(ids, most)).toEqual(expected);
});
