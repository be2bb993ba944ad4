/** Writes small PDFs by hand, so that tests can write hostile ones, too. */
import { deflateSync } from 'node:zlib';

/** A PDF with these objects, from 1; the first one is the catalogue. `trailer` is added to the trailer. */
export function pdfOf(objects: readonly (string | Buffer)[], trailer = ''): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let size = parts[0]?.length ?? 0;
  const add = (...added: Buffer[]) => {
    parts.push(...added);
    size += added.reduce((sum, { length }) => sum + length, 0);
  };
  for (const [index, object] of objects.entries()) {
    offsets.push(size);
    add(Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n'));
  }
  const start = size;
  const rows = offsets.map((offset) => `${`${offset}`.padStart(10, '0')} 00000 n \n`);
  const count = objects.length + 1;
  add(Buffer.from(`xref\n0 ${count}\n0000000000 65535 f \n${rows.join('')}`));
  add(Buffer.from(`trailer\n<</Root 1 0 R /Size ${count} ${trailer}>>\n`));
  add(Buffer.from(`startxref\n${start}\n%%EOF`));
  return Buffer.concat(parts);
}

/** A PDF whose pages draw these lines. */
export function pdfOfPages(pages: readonly (readonly string[])[]): Buffer {
  const kids = pages.map((_, index) => `${4 + 2 * index} 0 R`);
  return pdfOf([
    '<</Type /Catalog /Pages 2 0 R>>',
    `<</Type /Pages /Count ${pages.length} /Kids [${kids.join(' ')}] /MediaBox [0 0 600 800]>>`,
    '<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>',
    ...pages.flatMap((lines, index) => [
      `<</Type /Page /Parent 2 0 R /Contents ${5 + 2 * index} 0 R /Resources <</Font <</F 3 0 R>>>>>>`,
      streamOf(drawn(lines)),
    ]),
  ]);
}

/** A compressed stream, and what else its dictionary has. */
export function streamOf(content: string | Buffer, entries = ''): Buffer {
  const bytes = deflateSync(content);
  return Buffer.concat([
    Buffer.from(`<</Length ${bytes.length} /Filter /FlateDecode ${entries}>>\nstream\n`),
    bytes,
    Buffer.from('\nendstream'),
  ]);
}

/** Lines of text from the top of a page, in the font F. */
export function drawn(lines: readonly string[]): string {
  const shown = lines.map((line) => `(${line}) Tj T*`);
  return `BT /F 12 Tf 14 TL 50 750 Td ${shown.join(' ')} ET`;
}
