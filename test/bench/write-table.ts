import { median } from './load/statistics.ts';

export type Row = readonly string[];

/** A Markdown table that is also readable as plain text. The first row is the head. */
export function writeTable(rows: readonly Row[]): string {
  const [head] = rows;
  if (!head) return '';
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: Row) =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n');
}

/** Median and range of the values that are not NaN. */
export function spread(all: readonly number[]): string {
  const values = all.filter((value) => !Number.isNaN(value));
  if (values.length === 0) return '-';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const middle = short(median(values));
  return low === high ? middle : `${middle} (${short(low)}-${short(high)})`;
}

/** About three significant digits, without an exponent. */
function short(value: number): string {
  const decimals = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(decimals);
}
