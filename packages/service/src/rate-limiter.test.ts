import fc from 'fast-check';
import { expect, test } from 'vitest';

import { RateLimiter } from './rate-limiter.ts';

function limiterAt(options: { perSecond: number; burst: number; keysMax?: number }) {
  const clock = { nowMs: 0 };
  return { clock, limiter: new RateLimiter({ ...options, nowMs: () => clock.nowMs }) };
}

test('a key takes its burst at once, then one per interval', () => {
  const { clock, limiter } = limiterAt({ perSecond: 2, burst: 3 });
  expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 500]);
  clock.nowMs = 499;
  expect(limiter.take('a')).toBe(1);
  clock.nowMs = 500;
  expect([limiter.take('a'), limiter.take('a')]).toEqual([0, 500]);
});

test('keys do not share', () => {
  const { limiter } = limiterAt({ perSecond: 1, burst: 1 });
  expect([limiter.take('a'), limiter.take('b'), limiter.take('a')]).toEqual([0, 0, 1000]);
});

test('a refusal takes nothing, so a caller that keeps asking is served as soon as one that waits', () => {
  const { clock, limiter } = limiterAt({ perSecond: 1, burst: 1 });
  limiter.take('a');
  for (clock.nowMs = 0; clock.nowMs < 1000; clock.nowMs++) {
    expect(limiter.take('a')).toBeGreaterThan(0);
  }
  expect(limiter.take('a')).toBe(0);
});

test('units that are given back can be taken again, up to the burst', () => {
  const { limiter } = limiterAt({ perSecond: 1, burst: 2 });
  limiter.giveBack('a');
  expect([limiter.take('a'), limiter.take('a')]).toEqual([0, 0]);
  limiter.giveBack('a');
  limiter.giveBack('a');
  limiter.giveBack('a');
  expect([1, 2, 3].map(() => limiter.take('a'))).toEqual([0, 0, 1000]);
});

test('units that were used beyond the burst are waited for, at most half a minute', () => {
  const { clock, limiter } = limiterAt({ perSecond: 10, burst: 5 });
  limiter.charge('a', 25);
  expect([limiter.take('a', 0), limiter.take('a'), limiter.take('b')]).toEqual([2000, 2100, 0]);
  clock.nowMs = 2000;
  expect([limiter.take('a', 0), limiter.take('a')]).toEqual([0, 100]);
  limiter.charge('a', 1_000_000);
  expect(limiter.take('a', 0)).toBe(30_000);
});

test('a request larger than the burst takes the whole burst, so that it passes sometimes', () => {
  const { limiter } = limiterAt({ perSecond: 10, burst: 5 });
  expect([limiter.take('a', 1000), limiter.take('a', 1000)]).toEqual([0, 500]);
});

test('a million keys take no more memory than `keysMax` keys', () => {
  const { limiter } = limiterAt({ perSecond: 1, burst: 1, keysMax: 100 });
  for (let index = 0; index < 1_000_000; index++) limiter.take(`key ${index}`);
  expect(limiter.size).toBe(100);
});

test('the key that took longest ago is dropped first', () => {
  const { limiter } = limiterAt({ perSecond: 1, burst: 2, keysMax: 2 });
  for (const key of ['a', 'b', 'a', 'c']) limiter.take(key);
  expect(limiter.take('a')).toBeGreaterThan(0);
});

test('no schedule takes more than the burst and the rate allow', () => {
  const takes = fc.array(
    fc.record({ pauseMs: fc.nat(400), units: fc.integer({ min: 1, max: 4 }) }),
  );
  fc.assert(
    fc.property(takes, (schedule) => {
      const { clock, limiter } = limiterAt({ perSecond: 5, burst: 4 });
      let taken = 0;
      for (const { pauseMs, units } of schedule) {
        clock.nowMs += pauseMs;
        if (limiter.take('a', units) === 0) taken += units;
      }
      expect(taken).toBeLessThanOrEqual(4 + (clock.nowMs / 1000) * 5 + 1e-6);
    }),
  );
});
