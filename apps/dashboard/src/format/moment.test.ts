import { describe, expect, test } from 'vitest';

import { ago, duration, wholeDuration } from './moment.ts';

describe('a duration is shown in a readable unit', () => {
  test.each([
    [0, '0 ms'],
    [0.0421, '42 ms'],
    [0.44, '0.4 s'],
    [59.9, '59.9 s'],
    [59.96, '1 m'],
    [245, '4 m 5 s'],
    [7800, '2 h 10 m'],
    [90_000, '1 d 1 h'],
  ])('%s seconds is %s', (seconds, shown) => expect(duration(seconds)).toBe(shown));
});

describe('a whole duration has no fraction and is at least one second', () => {
  test.each([
    [0, '1 s'],
    [12.4, '12 s'],
    [59.7, '1 m'],
    [245, '4 m 5 s'],
  ])('%s seconds is %s', (seconds, shown) => expect(wholeDuration(seconds)).toBe(shown));
});

describe('a moment is shown relative to now', () => {
  test.each([
    [1000, 'now'],
    [970, '30 sec. ago'],
    [1000 - 7200, '2 hr. ago'],
    [1005, 'now'],
  ])('%s seen at 1000 is %s', (at, shown) => expect(ago(at, 1_000_000)).toBe(shown));
});
