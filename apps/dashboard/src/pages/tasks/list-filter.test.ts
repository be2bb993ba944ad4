import { describe, expect, test } from 'vitest';

import { filterFrom, listedBy } from './list-filter.ts';

describe('an address is parsed as a filter, with defaults for invalid values', () => {
  test.each([
    ['', { model: '', order: 'DESC', limit: 20, page: 1 }],
    ['order=oldest&limit=50&page=3&model=phi', { model: 'phi', order: 'ASC', limit: 50, page: 3 }],
    ['limit=7&page=-2&order=x', { model: '', order: 'DESC', limit: 20, page: 1 }],
    ['page=1.5', { model: '', order: 'DESC', limit: 20, page: 1 }],
  ])('%s', (search, filter) => expect(filterFrom(new URLSearchParams(search))).toEqual(filter));
});

test('a page starts where the previous one ends', () => {
  expect(listedBy(filterFrom(new URLSearchParams('page=3&limit=50')))).toEqual({
    start: 100,
    limit: 50,
    order: 'DESC',
    model: undefined,
  });
});
