import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { formatUsd, parseUsd } from './money.ts';
import { costOf, formatTicks, formatUnixSeconds, ticksBetween } from './time.ts';

describe('amounts', () => {
  test('an amount is unchanged after writing and parsing it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), (amount) => {
        expect(parseUsd(formatUsd(amount))).toBe(amount);
      }),
    );
  });

  test.for([
    ['0.000585', 585_000_000n],
    ['0.003510000000', 3_510_000_000n],
    ['1000', 1_000_000_000_000_000n],
    ['-0.5', -500_000_000_000n],
  ] as const)('%s dollars are %s pico', ([text, amount]) => {
    expect(parseUsd(text)).toBe(amount);
  });

  test.for(['', '1.', '.5', '1e3', '0.0000000000001', ' 1', '1,5', 'NaN'])(
    '"%s" is refused',
    (text) => {
      expect(() => parseUsd(text)).toThrow('not an amount');
    },
  );
});

describe('billed time', () => {
  test("the page's sample: 6 seconds at 0.000585 cost 0.003510000000", () => {
    const ticks = ticksBetween(1_734_513_807_000_000n, 1_734_513_813_000_000n);
    expect(formatTicks(ticks)).toBe('6.0000');
    expect(formatUsd(costOf(ticks, parseUsd('0.000585')))).toBe('0.003510000000');
  });

  test('a duration is floored to 0.1 ms and never negative', () => {
    expect(formatTicks(ticksBetween(0n, 199n))).toBe('0.0001');
    expect(formatTicks(ticksBetween(0n, 99n))).toBe('0.0000');
    expect(formatTicks(ticksBetween(5n, 0n))).toBe('0.0000');
  });

  test('a moment on the wire is floored to seconds, and "0" if it was not reached', () => {
    expect(formatUnixSeconds(1_734_513_807_999_999n)).toBe('1734513807');
    expect(formatUnixSeconds(null)).toBe('0');
  });

  test('the printed cost is the printed seconds times the price, to the last digit', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        (micros, price) => {
          const cps = price * 10_000n; // at most 8 decimals
          const ticks = ticksBetween(0n, micros);
          const seconds = parseUsd(formatTicks(ticks)); // any decimal
          expect(costOf(ticks, cps)).toBe((seconds * cps) / 10n ** 12n);
          expect((seconds * cps) % 10n ** 12n).toBe(0n);
        },
      ),
    );
  });
});
