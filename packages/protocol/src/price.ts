/**
 * Prices as values. A price is pinned on a task when it is accepted, so a later change of the model's
 * price does not change the bill.
 */
import { formatUsd, parseUsd } from './money.ts';

/** Dollars as text with at most 12 decimals, as JSON keeps them. */
type Usd = string;

/** What a price can count of a task. */
type Counted = 'ticks' | 'requests' | 'outputItems' | 'promptTokens' | 'outputTokens';

/** The amount of a part is for `per` of what it counts: a power of ten. */
type Part = { readonly counts: Counted; readonly per: bigint; readonly unit: string };

/** The methods, with the parts of each. Holds, charges, receipts, schemas and texts derive from it. */
export const PRICE_METHODS = {
  second: { second: { counts: 'ticks', per: 10_000n, unit: 'second' } },
  request: { request: { counts: 'requests', per: 1n, unit: 'request' } },
  output_item: { item: { counts: 'outputItems', per: 1n, unit: 'output item' } },
  token: {
    input: { counts: 'promptTokens', per: 1n, unit: 'input token' },
    output: { counts: 'outputTokens', per: 1n, unit: 'output token' },
  },
} as const satisfies Record<string, Record<string, Part>>;

type Methods = typeof PRICE_METHODS;

/** `minimum`: the least that a charged task costs. */
export type Price = {
  [M in keyof Methods]: {
    readonly version: string;
    readonly method: M;
    readonly parts: Readonly<Record<keyof Methods[M], Usd> & { minimum?: Usd }>;
  };
}[keyof Methods];

/** What a price asks for one unit of something. */
export type PriceRate = Part & { readonly amount: Usd };

export function ratesOf(price: Price): PriceRate[] {
  const amounts: Readonly<Record<string, Usd>> = price.parts;
  return Object.entries<Part>(PRICE_METHODS[price.method]).map(([name, part]) => ({
    ...part,
    amount: amounts[name] ?? '0',
  }));
}

/** A text for people: `$0.000585 per second`. */
export function describePrice(price: Price): string {
  const rates = ratesOf(price).map(({ amount, unit }) => perUnit(amount, unit));
  const { minimum } = price.parts;
  const least = minimum === undefined ? '' : `, at least ${exactDollars(minimum)}`;
  return rates.join(' and ') + least;
}

/** One term of a bill: so many units at a rate. */
export type BillLine = { readonly count: string; readonly unit: string; readonly rate: Usd };

/** What a bill needs of a receipt. An older receipt has no lines: it was billed by time. */
type Billed = {
  readonly bill?: readonly BillLine[];
  readonly cps: Usd;
  readonly seconds: { readonly billed: string };
  readonly cost: Usd;
};

/** A bill for people: `3.0000 × $0.000585 per second = $0.001755`. */
export function describeBill(receipt: Billed): string {
  const { unit } = PRICE_METHODS.second.second;
  const bill = receipt.bill ?? [{ count: receipt.seconds.billed, unit, rate: receipt.cps }];
  const terms = bill.map(({ count, unit: of, rate }) => `${count} × ${perUnit(rate, of)}`);
  return [terms.join(' + '), exactDollars(receipt.cost)].filter(Boolean).join(' = ');
}

/** `$0.000585`: all decimals without trailing zeros, but at least two. */
export function exactDollars(amount: Usd): string {
  return `$${formatUsd(parseUsd(amount)).replace(/(?<=\.\d\d\d{0,10}?)0{1,10}$/, '')}`;
}

const perUnit = (amount: Usd, unit: string): string => `${exactDollars(amount)} per ${unit}`;
