import { describe, expect, test } from 'vitest';

import { usdBalance, usdRoundedUp } from './money.ts';

describe('a price is shown with four decimals, rounded up', () => {
  test.each([
    ['0.000585000000', '$0.0006'],
    ['0.000600000000', '$0.0006'],
    ['0.000600000001', '$0.0007'],
    ['0.003510000000', '$0.0036'],
    ['0', '$0.0000'],
    ['1234.5', '$1234.5000'],
  ])('%s is %s', (amount, shown) => expect(usdRoundedUp(amount)).toBe(shown));
});

describe('a balance is shown with two decimals, rounded down', () => {
  test.each([
    ['1000.000000000000', '$1,000.00'],
    ['999.999999999999', '$999.99'],
    ['0.004', '$0.00'],
    ['-0.001', '-$0.01'],
    ['-2.50', '-$2.50'],
  ])('%s is %s', (amount, shown) => expect(usdBalance(amount)).toBe(shown));
});
