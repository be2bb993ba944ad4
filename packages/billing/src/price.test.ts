import { parseUsd } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import {
  billedTicks,
  charge,
  cpsOf,
  describePrice,
  hold,
  type Price,
  pricePerSecond,
} from './price.ts';

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

const PER_SECOND = pricePerSecond('v', '0.000585');
const PRICES: [string, Price, string, string, string][] = [
  ['second', PER_SECOND, '0.1755', '0.001755', '0.000585000000 USD per second'],
  [
    'second, with a minimum',
    { version: 'v', method: 'second', parts: { second: '0.001', minimum: '0.5' } },
    '0.5',
    '0.5',
    '0.001 USD per second, at least 0.5 USD',
  ],
  [
    'request',
    { version: 'v', method: 'request', parts: { request: '0.02' } },
    '0.02',
    '0.02',
    '0.02 USD per request',
  ],
  [
    'output item',
    { version: 'v', method: 'output_item', parts: { item: '0.04' } },
    '0.16',
    '0.12',
    '0.04 USD per output item',
  ],
  [
    'token',
    { version: 'v', method: 'token', parts: { input: '0.000000000001', output: '0.000002' } },
    '0.000400001',
    '0.00002000001',
    '0.000000000001 USD per input token and 0.000002 USD per output token',
  ],
];

test.for(PRICES)(
  'a price per %s holds, charges and is described',
  ([, price, held, cost, text]) => {
    const limits = { timeoutSeconds: 300, outputItems: 4, promptTokens: 1_000, outputTokens: 200 };
    expect(hold(price, limits)).toBe(parseUsd(held));
    const use = { ticks: 30_000n, outputItems: 3, promptTokens: 10, outputTokens: 10 };
    expect(charge(price, use)).toBe(parseUsd(cost));
    expect(describePrice(price)).toBe(text);
  },
);

test.for(PRICES)('a price per %s charges the hold at its limits', ([, price]) => {
  const limits = { timeoutSeconds: 7, outputItems: 2, promptTokens: 11, outputTokens: 5 };
  const { timeoutSeconds, ...counts } = limits;
  expect(charge(price, { ticks: BigInt(timeoutSeconds) * 10_000n, ...counts })).toBe(
    hold(price, limits),
  );
});

test.for(PRICES.filter(([, { method }]) => method === 'output_item' || method === 'token'))(
  'a price per %s is not held without a limit of what it counts',
  ([, price]) => {
    expect(() => hold(price, { timeoutSeconds: 300 })).toThrow('needs a limit');
  },
);

test('the compatible wire shows the rate of a price per second, and 0 for others', () => {
  expect(PRICES.map(([, price]) => Number(cpsOf(price)))).toEqual([0.000585, 0.001, 0, 0, 0]);
  expect(cpsOf(PER_SECOND)).toBe('0.000585000000');
});
