import {
  checkZipDocument,
  openTypedBody,
  openZip,
  ZIP_LIMITS,
  type ZippedFile,
} from '@runfleet/file-formats';

import { safeFileName } from './file-names.ts';
import { spool } from './spool.ts';
import type { Upload } from './upload.ts';

/** Adds a folder with the files of an archive. A file of a type that is not accepted refuses them all. */
export async function unpackZip(
  upload: Upload,
  { name, path }: { name: string; path: string },
): Promise<void> {
  const fileBytes = Math.min(ZIP_LIMITS.fileBytes, upload.fileBytesMax);
  await using archive = await openZip(path, { ...ZIP_LIMITS, fileBytes });
  const top = await upload.addFolder(null, name.replace(/\.zip$/i, '') || 'archive');
  const folders = new Map<string, number>();
  // One after another: yauzl throws where no one can catch it if a stream is destroyed while its read
  // waits for that of another stream of the same archive.
  for (const file of archive.files) {
    let folder = top;
    for (const [depth, part] of file.path.slice(0, -1).entries()) {
      const key = file.path.slice(0, depth + 1).join('/');
      folder = folders.get(key) ?? (await upload.addFolder(folder, safeFileName(part)));
      folders.set(key, folder);
    }
    await unpackFile(upload, file, folder);
  }
}

async function unpackFile(upload: Upload, file: ZippedFile, folder: number): Promise<void> {
  const name = safeFileName(file.path.at(-1) ?? '');
  const content = await file.open();
  try {
    const { type, body } = await openTypedBody(name, content);
    const { contentType, extension, form } = type;
    // An archive in an archive stays one.
    if (form !== 'zip' || extension === 'zip') {
      return await upload.addFile(folder, { name, contentType, body });
    }
    await using document = await spool(upload, body);
    await checkZipDocument(document.path, type);
    return await upload.addFile(folder, { name, contentType, body: document.read() });
  } finally {
    content.destroy();
  }
}
