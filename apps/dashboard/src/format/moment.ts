const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const FULL = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const CLOCK = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hour12: false });

const STEPS: readonly [limitSeconds: number, unit: Intl.RelativeTimeFormatUnit, seconds: number][] =
  [
    [60, 'second', 1],
    [3600, 'minute', 60],
    [86_400, 'hour', 3600],
    [30 * 86_400, 'day', 86_400],
    [365 * 86_400, 'month', 30 * 86_400],
    [Infinity, 'year', 365 * 86_400],
  ];

/** `2 min. ago`, from unix seconds and the current time in milliseconds. */
export function ago(unixSeconds: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round(nowMs / 1000 - unixSeconds));
  const [, unit, size] = STEPS.find(([limit]) => seconds < limit) ?? ['', 'second' as const, 1];
  return RELATIVE.format(-Math.floor(seconds / size), unit);
}

/** `23 Nov 2026, 04:51:34` in the reader's time zone. */
export function fullMoment(unixSeconds: number): string {
  return FULL.format(unixSeconds * 1000);
}

export function clockTime(unixSeconds: number): string {
  return CLOCK.format(unixSeconds * 1000);
}

/** `42 ms`, `12.3 s`, `4 m 5 s`, `2 h 10 m`, `3 d`. */
export function duration(seconds: number): string {
  if (seconds < 0.0995) return `${Math.round(Math.max(0, seconds) * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return twoUnits(whole, [60, 'm'], 's');
  if (whole < 86_400) return twoUnits(Math.floor(whole / 60), [60, 'h'], 'm');
  return twoUnits(Math.floor(whole / 3600), [24, 'd'], 'h');
}

/** `12 s`, `4 m 5 s`: for estimates, which are not precise to less than a second. */
export function wholeDuration(seconds: number): string {
  return duration(Math.max(1, Math.round(seconds))).replace('.0', '');
}

function twoUnits(count: number, [size, large]: [size: number, large: string], small: string) {
  const rest = count % size;
  return `${Math.floor(count / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}
