import { describe, expect, test } from 'vitest';

import { describeBill, describePrice, exactDollars, type Price } from './price.ts';
import { priceSchema } from './wire/price.ts';

describe('an exact amount loses only trailing zeros', () => {
  test.each([
    ['0.000585000000', '$0.000585'],
    ['0.003510000000', '$0.00351'],
    ['5', '$5.00'],
    ['5.100000000000', '$5.10'],
    ['0.100000000001', '$0.100000000001'],
  ])('%s is %s', (amount, shown) => expect(exactDollars(amount)).toBe(shown));
});

const PRICES: [string, Price][] = [
  ['$0.000585 per second', { version: 'v', method: 'second', parts: { second: '0.000585' } }],
  ['$0.02 per request', { version: 'v', method: 'request', parts: { request: '0.020000000000' } }],
  [
    '$0.04 per output item, at least $0.50',
    { version: 'v', method: 'output_item', parts: { item: '0.04', minimum: '0.5' } },
  ],
  [
    '$0.000000000001 per input token and $0.000002 per output token',
    { version: 'v', method: 'token', parts: { input: '0.000000000001', output: '0.000002' } },
  ],
];

test.for(PRICES)('a price reads %s and is accepted by the wire', ([text, price]) => {
  expect(describePrice(price)).toBe(text);
  expect(priceSchema.parse(price)).toEqual(price);
});

test.for<[string, unknown]>([
  ['has an unknown method', { version: 'v', method: 'day', parts: { day: '1' } }],
  ['has the parts of another', { version: 'v', method: 'second', parts: { request: '1' } }],
  ['has more', { version: 'v', method: 'request', parts: { request: '1', second: '1' } }],
  ['is negative', { version: 'v', method: 'request', parts: { request: '-1' } }],
  ['is no decimal', { version: 'v', method: 'request', parts: { request: '1e3' } }],
  ['rounds a cost', { version: 'v', method: 'second', parts: { second: '0.000000001' } }],
  ['has no version', { version: '', method: 'request', parts: { request: '1' } }],
])('a price that %s is refused', ([, price]) => {
  expect(priceSchema.safeParse(price).success).toBe(false);
});

test('a bill shows its terms; an older one is its seconds times its rate', () => {
  const receipt = { cps: '0.000585000000', seconds: { billed: '3.0000' }, cost: '0.001755000000' };
  expect(describeBill(receipt)).toBe('3.0000 × $0.000585 per second = $0.001755');
  const bill = [
    { count: '10', unit: 'input token', rate: '0.000001000000' },
    { count: '5', unit: 'output token', rate: '0.000002000000' },
  ];
  expect(describeBill({ ...receipt, bill, cost: '0.00002' })).toBe(
    '10 × $0.000001 per input token + 5 × $0.000002 per output token = $0.00002',
  );
  expect(describeBill({ ...receipt, bill: [], cost: '0' })).toBe('$0.00');
});
