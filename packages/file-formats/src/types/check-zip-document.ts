import { buffer } from 'node:stream/consumers';

import { refusal } from '../refusal.ts';
import { openZip, type OpenZip } from '../zip/open-zip.ts';
import { ZIP_LIMITS, type ZipLimits } from '../zip/zip-limits.ts';
import { type FileExtension, type FileType } from './file-types.ts';

const EPUB_MIMETYPE = 'application/epub+zip';

/** The files without which an archive is no such document. */
const PARTS: Partial<Record<FileExtension, readonly string[]>> = {
  docx: ['[Content_Types].xml', 'word/document.xml'],
  xlsx: ['[Content_Types].xml', 'xl/workbook.xml'],
  pptx: ['[Content_Types].xml', 'ppt/presentation.xml'],
  epub: ['mimetype', 'META-INF/container.xml'],
};

/**
 * Throws `invalid_request` unless the archive at `path` is a document of that type. Only the
 * archive's directory is read.
 */
export async function checkZipDocument(
  path: string,
  { extension }: Pick<FileType, 'extension'>,
  limits: ZipLimits = ZIP_LIMITS,
): Promise<void> {
  await using archive = await openZip(path, limits);
  const names = new Set(archive.files.map((file) => file.path.join('/')));
  const lacking = (PARTS[extension] ?? []).find((part) => !names.has(part));
  if (lacking !== undefined) {
    throw refusal(`The file is not a ${extension} document: it has no ${lacking}.`);
  }
  if (extension === 'epub' && (await readMimetype(archive)) !== EPUB_MIMETYPE) {
    throw refusal('The file is not an epub document: its mimetype is another.');
  }
}

async function readMimetype({ files }: OpenZip): Promise<string | null> {
  const file = files.find(({ path }) => path.join('/') === 'mimetype');
  // Some programs end the file with a line break.
  if (file === undefined || file.sizeBytes > EPUB_MIMETYPE.length + 2) return null;
  return (await buffer(await file.open())).toString('latin1').trim();
}
