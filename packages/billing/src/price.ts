/**
 * What a price holds and charges. The amount held is what the charge is at the task's limits.
 */
import {
  type BillLine,
  formatUsd,
  type Micros,
  parseUsd,
  type Pico,
  type Price,
  type PriceRate,
  ratesOf,
  type Ticks,
  ticksBetween,
} from '@runfleet/protocol';

const TICKS_PER_SECOND = 10_000n;

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
export function pricePerSecond(version: string, cps: string): Price {
  return { version, method: 'second', parts: { second: formatUsd(parseUsd(cps)) } };
}

/** The most that a task can cost: the amount held while it is live. */
export function hold(price: Price, { timeoutSeconds, ...limits }: Limits): Pico {
  return amount(price, { ticks: BigInt(timeoutSeconds) * TICKS_PER_SECOND, ...limits });
}

/** What a task that is charged costs. Never above the hold while its use is within the limits. */
export function charge(price: Price, use: Use): Pico {
  return amount(price, use);
}

/**
 * The charge with its terms, for the receipt. It is never above what was held: a worker that counts
 * more than the limits of a Run does not make its caller pay for it.
 */
export function bill(price: Price, use: Use, held: Pico): { cost: Pico; lines: BillLine[] } {
  const cost = amount(price, use);
  if (cost > held) return { cost: held, lines: [oneLine('run, the most that was held', held)] };
  if (cost > countedAmount(price, use)) return { cost, lines: [oneLine('run, the minimum', cost)] };
  const lines = ratesOf(price).map((rate) => ({
    count: inUnits(countOf(rate, use), rate.per),
    unit: rate.unit,
    rate: formatUsd(parseUsd(rate.amount)),
  }));
  return { cost, lines };
}

/** The rate per second that the compatible wire shows; 0 where the price counts something else. */
export function cpsOf(price: Price): string {
  return formatUsd(price.method === 'second' ? parseUsd(price.parts.second) : 0n);
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

function amount(price: Price, use: Partial<Use>): Pico {
  const counted = countedAmount(price, use);
  const minimum = parseUsd(price.parts.minimum ?? '0');
  return counted > minimum ? counted : minimum;
}

function countedAmount(price: Price, use: Partial<Use>): Pico {
  return ratesOf(price).reduce((sum, rate) => sum + costOf(rate, use), 0n);
}

function costOf(rate: PriceRate, use: Partial<Use>): Pico {
  return (parseUsd(rate.amount) * countOf(rate, use)) / rate.per;
}

function countOf({ counts, unit }: PriceRate, use: Partial<Use>): bigint {
  if (counts === 'requests') return 1n;
  const count = use[counts];
  if (count === undefined) throw new Error(`A price per ${unit} needs a limit for it.`);
  return BigInt(count);
}

const oneLine = (unit: string, rate: Pico): BillLine => ({
  count: '1',
  unit,
  rate: formatUsd(rate),
});

/** A count in units of `per`, a power of ten: 30,000 ticks are `3.0000` seconds. */
function inUnits(count: bigint, per: bigint): string {
  const decimals = String(per).length - 1;
  if (decimals === 0) return String(count);
  const digits = String(count).padStart(decimals + 1, '0');
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
