import { expect, test } from 'vitest';

import { lookUpNext } from './prompt-lookup.ts';

test.for([
  ['what followed the last tokens before', [1, 2, 3, 4, 5, 1, 2, 3], 8, [4, 5, 1, 2, 3]],
  ['no more than wanted', [1, 2, 3, 4, 5, 1, 2, 3], 1, [4]],
  ['the latest place', [1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3], 1, [5]],
  ['a text that goes on as it is', [7, 7, 7, 7], 4, [7]],
  ['nothing where nothing is repeated', [1, 2, 3, 4, 5, 6], 4, []],
  ['nothing of a short text', [1, 2], 4, []],
] as const)('looks up %s', ([, ids, most, expected]) => {
  expect(lookUpNext(ids, most)).toEqual(expected);
});
