import { describe, expect, test } from 'vitest';

import { filterFrom, listedBy } from './list-filter.ts';

const NONE = { model: '', state: null, created: null, order: 'DESC', limit: 20, page: 1 };

describe('an address is parsed as a filter, with defaults for invalid values', () => {
  test.each([
    ['', NONE],
    [
      'order=oldest&limit=50&page=3&model=phi&state=ended&created=day',
      { model: 'phi', state: 'ended', created: 'day', order: 'ASC', limit: 50, page: 3 },
    ],
    ['limit=7&page=-2&order=x&state=toString&created=ever', NONE],
    ['page=1.5', NONE],
  ])('%s', (search, filter) => expect(filterFrom(new URLSearchParams(search))).toEqual(filter));
});

test('a page starts where the previous one ends', () => {
  expect(listedBy(filterFrom(new URLSearchParams('page=3&limit=50')), 0)).toEqual({
    start: 100,
    limit: 50,
    order: 'DESC',
    model: undefined,
    status: undefined,
    from: undefined,
  });
});

test('a period ends at the moment of the request', () => {
  const filter = filterFrom(new URLSearchParams('created=hour&state=failed'));
  expect(listedBy(filter, 7_200_900)).toMatchObject({ status: 'failed', from: 3_600 });
});
