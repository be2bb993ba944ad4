import { expect, test } from 'vitest';

import { decideIndexMark, decideLead, decideYield, LEASE_MICROS } from './decide-lease.ts';

const led = (now: bigint) => decideLead(null, { pool: 'p', holder: 'a' }, { now }) ?? null;

test('no other broker leads while the lead is renewed in time', () => {
  const lease = led(0n);
  const other = { pool: 'p', holder: 'b' };
  expect(decideLead(lease, other, { now: LEASE_MICROS })).toBeUndefined();
  const renewed = decideLead(lease, { pool: 'p', holder: 'a' }, { now: LEASE_MICROS });
  expect(renewed).toMatchObject({ holder: 'a', generation: 1 });
  expect(decideLead(renewed ?? null, other, { now: 2n * LEASE_MICROS })).toBeUndefined();
});

test('a lead that ran out or was given away is the next one’s, as a new generation with the same index', () => {
  const marked = decideIndexMark(led(0n), { holder: 'a', mark: 'm' }) ?? null;
  const other = { pool: 'p', holder: 'b' };
  const heir = { holder: 'b', generation: 2, indexMark: 'm' };
  expect(decideLead(marked, other, { now: LEASE_MICROS + 1n })).toMatchObject(heir);
  const given = decideYield(led(1n), { holder: 'a' }) ?? null;
  expect(decideLead(given, other, { now: LEASE_MICROS + 2n })).toMatchObject({ holder: 'b' });
});

test('a lead that was renewed in the future is the next one’s: the clock was set back since', () => {
  const hour = 3_600_000_000n;
  const lease = led(hour);
  const other = { pool: 'p', holder: 'b' };
  expect(decideLead(lease, other, { now: hour - LEASE_MICROS })).toBeUndefined();
  expect(decideLead(lease, other, { now: 0n })).toMatchObject({ holder: 'b', renewedAt: 0n });
  expect(decideLead(lease, { pool: 'p', holder: 'a' }, { now: 0n })).toMatchObject({
    generation: 1,
    renewedAt: 0n,
  });
});

test('who does not lead changes nothing', () => {
  expect(decideYield(led(0n), { holder: 'b' })).toBeUndefined();
  expect(decideIndexMark(led(0n), { holder: 'b', mark: 'm' })).toBeUndefined();
  expect(decideIndexMark(null, { holder: 'b', mark: 'm' })).toBeUndefined();
});

test('a lead that is given away at once is the next one’s, with all else as it was', () => {
  expect(LEASE_MICROS).toBe(5_000_000n);
  const lease = led(9n);
  expect(decideYield(lease, { holder: 'a' })).toEqual({ ...lease, renewedAt: 0n });
  expect(decideIndexMark(lease, { holder: 'a', mark: 'm' })).toEqual({ ...lease, indexMark: 'm' });
  expect(decideYield(null, { holder: 'a' })).toBeUndefined();
});
