import { formatUsd, parseUsd, type Price } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { bill, billedTicks, charge, cpsOf, hold, pricePerSecond } from './price.ts';

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
const PRICES: [string, Price, string, string][] = [
  ['second', PER_SECOND, '0.1755', '0.001755'],
  [
    'second, with a minimum',
    { version: 'v', method: 'second', parts: { second: '0.001', minimum: '0.5' } },
    '0.5',
    '0.5',
  ],
  ['request', { version: 'v', method: 'request', parts: { request: '0.02' } }, '0.02', '0.02'],
  ['output item', { version: 'v', method: 'output_item', parts: { item: '0.04' } }, '0.16', '0.12'],
  [
    'token',
    { version: 'v', method: 'token', parts: { input: '0.000000000001', output: '0.000002' } },
    '0.000400001',
    '0.00002000001',
  ],
];

const LIMITS = { timeoutSeconds: 300, outputItems: 4, promptTokens: 1_000, outputTokens: 200 };
const USE = { ticks: 30_000n, outputItems: 3, promptTokens: 10, outputTokens: 10 };

test.for(PRICES)('a price per %s holds and charges', ([, price, held, cost]) => {
  expect(hold(price, LIMITS)).toBe(parseUsd(held));
  expect(charge(price, USE)).toBe(parseUsd(cost));
});

test.for(PRICES)('the terms of a bill per %s add up to its cost', ([, price]) => {
  const { cost, lines } = bill(price, USE, hold(price, LIMITS));
  expect(cost).toBe(charge(price, USE));
  // A count has at most four decimals.
  const terms = lines.map(({ count, rate }) => (parseUsd(count) / 10n ** 8n) * parseUsd(rate));
  expect(terms.reduce((sum, term) => sum + term, 0n)).toBe(cost * 10_000n);
});

test('a bill has a term for each rate, or the minimum', () => {
  const linesOf = (price: Price, ticks: bigint) =>
    bill(price, { ...USE, ticks }, parseUsd('9')).lines.map(
      ({ count, unit, rate }) => `${count} ${unit} at ${rate}`,
    );
  expect(linesOf(PER_SECOND, 1_234_567n)).toEqual(['123.4567 second at 0.000585000000']);
  expect(linesOf(PER_SECOND, 5n)).toEqual(['0.0005 second at 0.000585000000']);
  const parts = { input: '0.000001', output: '0.000002' };
  expect(linesOf({ version: 'v', method: 'token', parts }, 5n)).toEqual([
    '10 input token at 0.000001000000',
    '10 output token at 0.000002000000',
  ]);
  const minimum = { version: 'v', method: 'second', parts: { second: '1', minimum: '3' } } as const;
  expect(linesOf(minimum, 29_999n)).toEqual(['1 run, the minimum at 3.000000000000']);
  expect(linesOf(minimum, 30_000n)).toEqual(['3.0000 second at 1.000000000000']);
});

test.for(PRICES)('a bill per %s of exactly the hold has its terms', ([, price]) => {
  const cost = charge(price, USE);
  expect(bill(price, USE, cost)).toEqual(bill(price, USE, cost + 1n));
});

test.for(PRICES)('a bill per %s is never above what was held', ([, price]) => {
  const held = charge(price, USE) - 1n;
  const rate = formatUsd(held);
  expect(bill(price, USE, held)).toEqual({
    cost: held,
    lines: [{ count: '1', unit: 'run, the most that was held', rate }],
  });
});

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
