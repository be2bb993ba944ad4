const BYTES_PER_GIGABYTE = 1e9;

const UNITS = ['B', 'KB', 'MB', 'GB'] as const;

/** `7 B`, `1.3 KB`, `12 MB`: the size of a file. */
export function byteCount(bytes: number): string {
  let count = bytes;
  let unit = 0;
  // What rounds to a thousand has the next unit.
  while (count >= 999.5 && unit < UNITS.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return `${unit > 0 && count < 9.95 ? count.toFixed(1) : count.toFixed(0)} ${UNITS[unit]}`;
}

/** `2.2 GB`, `0.1 GB`: the memory of a model. */
export function gigabytes(bytes: number): string {
  const count = bytes / BYTES_PER_GIGABYTE;
  return `${count < 0.05 ? '<0.1' : count.toFixed(count < 100 ? 1 : 0)} GB`;
}
