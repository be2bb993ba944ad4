export type Row = readonly [name: string, measurement: string, target: string];

/** `median (least to most)`. */
export function spreadOf(values: readonly number[], decimals: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const [median, least, most] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map(
    (value) => value?.toFixed(decimals) ?? '-',
  );
  return sorted.length > 1 ? `${median} (${least} to ${most})` : (median ?? '-');
}

export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** The ratio of two measurements, round by round. */
export function ratio(over: readonly number[], under: readonly number[]): number[] {
  return over.map((value, round) => value / (under[round] ?? Number.NaN));
}

/** Markdown. */
export function table(rows: readonly Row[]): string {
  return ['| | | target |', '|---|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join(
    '\n',
  );
}
