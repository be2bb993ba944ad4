/**
 * Prices as values. A price is pinned on a task when it is accepted, so a later change of the model's
 * price does not change the bill. The amount held is what the charge is at the task's limits.
 */
import {
  costOf,
  formatUsd,
  type Micros,
  parseUsd,
  type Pico,
  type Ticks,
  ticksBetween,
} from '@runfleet/protocol';

const TICKS_PER_SECOND = 10_000n;

/** Dollars as text with at most 12 decimals, as JSON keeps them. */
type Usd = string;

/** What each method counts, with the amount for one. */
type Rates = {
  second: { second: Usd };
  request: { request: Usd };
  output_item: { item: Usd };
  token: { input: Usd; output: Usd };
};

/** `minimum`: the least that a charged task costs. */
export type Price = {
  [M in keyof Rates]: {
    readonly version: string;
    readonly method: M;
    readonly parts: Readonly<Rates[M] & { minimum?: Usd }>;
  };
}[keyof Rates];

/** What a task used. */
export type Use = { ticks: Ticks; outputItems: number; promptTokens: number; outputTokens: number };

/** The most that a task may use. A limit that its price does not count may be left out. */
export type Limits = {
  timeoutSeconds: number;
  outputItems?: number;
  promptTokens?: number;
  outputTokens?: number;
};

/** The price of a model that is billed by time, at `cps` dollars per second. */
export function pricePerSecond(version: string, cps: Usd): Price {
  return { version, method: 'second', parts: { second: formatUsd(parseUsd(cps)) } };
}

/** The most that a task can cost: the amount held while it is live. */
export function hold(price: Price, limits: Limits): Pico {
  const { timeoutSeconds, outputItems = null, promptTokens = null, outputTokens = null } = limits;
  const ticks = BigInt(timeoutSeconds) * TICKS_PER_SECOND;
  return amount(price, { ticks, outputItems, promptTokens, outputTokens });
}

/** What a task that is charged costs. Never above the hold while its use is within the limits. */
export function charge(price: Price, use: Use): Pico {
  return amount(price, use);
}

/** A sentence for people: `0.000585000000 USD per second`. */
export function describePrice(price: Price): string {
  const { minimum } = price.parts;
  return `${ratesOf(price)}${minimum === undefined ? '' : `, at least ${minimum} USD`}`;
}

/** The rate per second that the compatible wire shows; 0 where the price counts something else. */
export function cpsOf(price: Price): Usd {
  return price.method === 'second' ? price.parts.second : formatUsd(0n);
}

/** The times that a bill is made from. */
export type BilledRun = {
  acceptedAt: Micros | null;
  endedAt: Micros | null;
  timeoutSeconds: number;
};

/**
 * How long a run is billed: from accept to end; waiting in a queue is free. A run that was stopped by
 * its timeout is not billed past it, so no bill is above the hold.
 */
export function billedTicks(run: BilledRun): Ticks {
  if (run.acceptedAt === null || run.endedAt === null) return 0n;
  const ticks = ticksBetween(run.acceptedAt, run.endedAt);
  const ceiling = BigInt(run.timeoutSeconds) * TICKS_PER_SECOND;
  return ticks < ceiling ? ticks : ceiling;
}

type Counted = { [N in keyof Use]: Use[N] | (N extends 'ticks' ? never : null) };

function amount(price: Price, use: Counted): Pico {
  const counted = countedAmount(price, use);
  const minimum = parseUsd(price.parts.minimum ?? '0');
  return counted > minimum ? counted : minimum;
}

function countedAmount(price: Price, use: Counted): Pico {
  switch (price.method) {
    case 'second':
      return costOf(use.ticks, parseUsd(price.parts.second));
    case 'request':
      return parseUsd(price.parts.request);
    case 'output_item':
      return times(price.parts.item, use.outputItems);
    case 'token':
      return (
        times(price.parts.input, use.promptTokens) + times(price.parts.output, use.outputTokens)
      );
  }
}

function times(rate: Usd, count: number | null): Pico {
  if (count === null) throw new Error('A price that counts something needs a limit for it.');
  return parseUsd(rate) * BigInt(count);
}

function ratesOf(price: Price): string {
  switch (price.method) {
    case 'second':
      return `${price.parts.second} USD per second`;
    case 'request':
      return `${price.parts.request} USD per request`;
    case 'output_item':
      return `${price.parts.item} USD per output item`;
    case 'token':
      return `${price.parts.input} USD per input token and ${price.parts.output} USD per output token`;
  }
}
