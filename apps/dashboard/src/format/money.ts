import { formatUsd, parseUsd } from '@runfleet/protocol';

const SCALE = 12;

/** `$0.0006`: four decimals, rounded up, for prices and costs. It is never less than the charge. */
export function usdRoundedUp(amount: string): string {
  return `$${roundUp(amount, 4)}`;
}

/** `$999.98`: two decimals, rounded down, for balances. It is never more than the balance. */
export function usdBalance(amount: string): string {
  const pico = parseUsd(amount);
  const cents = 10n ** BigInt(SCALE - 2);
  const floor = pico >= 0n || pico % cents === 0n ? pico / cents : pico / cents - 1n;
  const text = formatUsd(floor * cents).slice(0, 2 - SCALE);
  const [whole = '0', fraction = '00'] = text.replace('-', '').split('.');
  return `${floor < 0n ? '-' : ''}$${Number(whole).toLocaleString('en-US')}.${fraction}`;
}

function roundUp(amount: string, decimals: number): string {
  const unit = 10n ** BigInt(SCALE - decimals);
  const pico = parseUsd(amount);
  const units = pico > 0n ? (pico + unit - 1n) / unit : pico / unit;
  return formatUsd(units * unit).slice(0, decimals - SCALE);
}
