/**
 * Formats rows, one line each, in columns that are as wide as their widest cell. Names that people gave
 * may contain control characters, which a terminal would obey: they are replaced.
 */
export function table(given: readonly (readonly string[])[]): string {
  const rows = given.map((cells) => cells.map((cell) => cell.replaceAll(/\p{Cc}/gu, '\ufffd')));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map((cells) => `${line(cells)}\n`).join('');
}
