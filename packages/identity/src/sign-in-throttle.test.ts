import { expect, test } from 'vitest';

import { SignInThrottle } from './sign-in-throttle.ts';

function throttled() {
  const clock = { nowMs: 0 };
  const throttle = new SignInThrottle(() => clock.nowMs);
  const guess = (ip: string, account = 'ada@example.org') => throttle.begin({ account, ip });
  return { clock, throttle, guess };
}

test('the wait of one address at one account doubles after each failure, up to 15 min', () => {
  const { clock, guess } = throttled();
  const waits = Array.from({ length: 20 }, () => {
    const waitMs = guess('192.0.2.1');
    clock.nowMs += waitMs;
    if (waitMs > 0) guess('192.0.2.1');
    return Math.round(waitMs / 1000);
  });
  expect(waits.slice(0, 9)).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8]);
  expect(Math.max(...waits)).toBe(900);
});

test('concurrent attempts have the same limits', () => {
  const { guess } = throttled();
  const passed = Array.from({ length: 100 }, () => guess('192.0.2.1')).filter((ms) => ms === 0);
  expect(passed).toHaveLength(5);
});

test('one address cannot try one password at many accounts', () => {
  const { guess } = throttled();
  const waits = Array.from({ length: 100 }, (_, n) => guess('2001:db8::1', `${n}@example.org`));
  expect(waits.filter((ms) => ms === 0)).toHaveLength(20);
  expect(guess('2001:db8::ffff', 'other@example.org')).toBeGreaterThan(0);
});

test('many addresses together soon reach the limit of one account', () => {
  const { clock, guess } = throttled();
  const tries = () =>
    Array.from({ length: 1000 }, (_, n) => guess(`10.0.${n >> 8}.${n & 255}`)).filter(
      (ms) => ms === 0,
    ).length;
  expect(tries()).toBe(50);
  clock.nowMs += 60_000;
  expect(tries()).toBe(1);
});

test('an owner can still sign in from a known address while others guess', () => {
  const { clock, throttle, guess } = throttled();
  const owner = { account: 'ada@example.org', ip: '192.0.2.1' };
  expect(throttle.begin(owner)).toBe(0);
  throttle.succeed(owner);
  for (let n = 0; n < 1000; n++) guess(`10.0.${n >> 8}.${n & 255}`);
  expect(throttle.begin(owner)).toBe(0);
  throttle.succeed(owner);
  for (let n = 0; n < 100; n++) {
    clock.nowMs += 1000;
    expect(throttle.begin(owner)).toBe(0);
    throttle.succeed(owner);
  }
});

test('an hour without a failure resets the limit', () => {
  const { clock, guess } = throttled();
  for (let n = 0; n < 5; n++) guess('192.0.2.1');
  expect(guess('192.0.2.1')).toBeGreaterThan(0);
  clock.nowMs += 3_600_001;
  for (let n = 0; n < 5; n++) expect(guess('192.0.2.1')).toBe(0);
});
