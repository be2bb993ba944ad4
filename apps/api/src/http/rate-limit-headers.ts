import { parseUsd, type ReachedLimit } from '@runfleet/protocol';

const PICO_PER_MICRO = 1_000_000n;
const DAY_SECONDS = 86_400;
/** The periods that have a fixed length, in seconds. */
const WINDOWS: Partial<Record<ReachedLimit['period'], number>> = {
  day: DAY_SECONDS,
  week: 7 * DAY_SECONDS,
};

/**
 * `RateLimit` and `RateLimit-Policy` as in the IETF draft. Quotas are whole numbers there, so money is
 * in millionths of a dollar.
 */
export function rateLimitHeaders(
  { kind, level, period, value, used }: ReachedLimit,
  seconds: number | null,
): Record<string, string> {
  const name = `"${kind}-${level}-${period}"`;
  const quota = (text: string) =>
    kind === 'spend' ? parseUsd(text) / PICO_PER_MICRO : BigInt(text);
  const [most, left] = [quota(value), quota(value) - quota(used)];
  const unit = kind === 'spend' ? ';qu="usd-micros"' : '';
  const window = WINDOWS[period] === undefined ? '' : `;w=${WINDOWS[period]}`;
  const reset = seconds === null ? '' : `;t=${seconds}`;
  return {
    'ratelimit-policy': `${name};q=${most}${unit}${window}`,
    ratelimit: `${name};r=${left > 0n ? left : 0n}${reset}`,
  };
}
