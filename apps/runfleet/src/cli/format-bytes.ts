const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Decimal units with two or three digits: `2.7 GB`, `48 MB`, `999 B`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}
