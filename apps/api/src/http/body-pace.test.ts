import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { BodyPace } from './body-pace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const NEVER = new Promise<never>(() => {});
const messageOf = (part: Promise<never>) => part.catch((error: Error) => error.message);

test('a body that stops arriving is refused after the grace', async () => {
  using pace = new BodyPace();
  const refusal = messageOf(pace.inTime(NEVER));
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await refusal).toContain('less than 16 KB per second');
});

test('a body that drips is refused, and one at the least rate is not', async () => {
  using slow = new BodyPace();
  using steady = new BodyPace();
  const drip = setInterval(() => {
    slow.add(500);
    steady.add(1_600);
  }, 100);
  const refusal = messageOf(slow.inTime(NEVER));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await refusal).toContain('Send it faster');
  expect(await steady.inTime(Promise.resolve('complete'))).toBe('complete');
  clearInterval(drip);
});
