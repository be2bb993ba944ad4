import { parseUsd } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { billedTicks, priceCeiling } from './price.ts';

const SECOND = 1_000_000n;

test.for<[string, bigint | null, bigint | null, bigint]>([
  ['from its accept to its end', 1n * SECOND, 4n * SECOND + 50n, 30_000n],
  ['not at all where it was not accepted', null, SECOND, 0n],
  ['not at all where it has not ended', SECOND, null, 0n],
  ['one tick less than its timeout', 0n, 10n * SECOND - 1n, 99_999n],
  ['its timeout', 0n, 10n * SECOND, 100_000n],
  ['its timeout where it took longer', 0n, 10n * SECOND + 100n, 100_000n],
])('a run is billed %s', ([, acceptedAt, endedAt, ticks]) => {
  expect(billedTicks({ acceptedAt, endedAt, timeoutSeconds: 10 })).toBe(ticks);
});

test('what is held is the price of the whole timeout', () => {
  expect(priceCeiling(300, parseUsd('0.000585'))).toBe(parseUsd('0.1755'));
});
