/**
 * Money is bigint pico-dollars (10^-12 USD) in TypeScript and text with 12 decimals everywhere
 * else, which is what `numeric(24,12)` reads and writes.
 */
export type Pico = bigint;

const SCALE = 12;
const ONE_USD: Pico = 10n ** BigInt(SCALE);

/**
 * Parses a decimal amount of dollars exactly. Throws on any other text and on more than 12
 * decimals.
 */
export function parseUsd(text: string): Pico {
  const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(text);
  if (!match) throw new Error(`"${text}" is not an amount in dollars with at most 12 decimals.`);
  const [, sign, whole = '0', fraction = ''] = match;
  const amount = BigInt(whole) * ONE_USD + BigInt(fraction.padEnd(SCALE, '0'));
  return sign === '-' ? -amount : amount;
}

/** Writes an amount with exactly 12 decimals: `0.003510000000`. */
export function formatUsd(amount: Pico): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(SCALE + 1, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -SCALE)}.${digits.slice(-SCALE)}`;
}
