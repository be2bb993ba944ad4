import { stringify } from 'csv-stringify/sync';

import type { ExportFormat } from './read-exports.ts';
import type { ExportRow } from './read-rows.ts';

/** The lines of some rows; those of the first page begin with a header where the format has one. */
export function renderRows(
  format: ExportFormat,
  columns: readonly string[],
  rows: readonly ExportRow[],
  { isFirst }: { isFirst: boolean },
): Uint8Array {
  const text =
    format === 'jsonl'
      ? rows.map((row) => `${JSON.stringify(row)}\n`).join('')
      : // A spreadsheet would run a text of a user that begins like a formula.
        stringify([...rows], {
          columns: [...columns],
          header: isFirst,
          escape_formulas: true,
          record_delimiter: 'windows',
        });
  return Buffer.from(text);
}

export const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl; charset=utf-8',
};
