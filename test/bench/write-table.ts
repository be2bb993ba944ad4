import { median } from './load/statistics.ts';

export type Row = readonly string[];

/** Rows as GitHub's markdown, which reads well as plain text too. The first is the head. */
export function writeTable(rows: readonly Row[]): string {
  const [head] = rows;
  if (!head) return '';
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: Row) =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n');
}

/** Median and range of what is there. */
export function spread(all: readonly number[]): string {
  const values = all.filter((value) => !Number.isNaN(value));
  if (values.length === 0) return '-';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const middle = short(median(values));
  return low === high ? middle : `${middle} (${short(low)}-${short(high)})`;
}

/** Three digits that matter, without an exponent. */
function short(value: number): string {
  const decimals = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(decimals);
}
