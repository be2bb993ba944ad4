import { checkZipDocument, openTypedBody } from '@runfleet/file-formats';

import { safeFileName } from './file-names.ts';
import { spool } from './spool.ts';
import { unpackZip } from './unpack-zip.ts';
import type { Upload } from './upload.ts';

type NamedBody = { name: string; body: AsyncIterable<Uint8Array> };

/**
 * Adds a file under a safe name if its content is of the type that its name claims; a zip archive becomes
 * a folder of its files. Throws `invalid_request` with the reason, `body_too_large`, `file_quota`.
 */
export async function storeFile(upload: Upload, given: NamedBody): Promise<void> {
  const name = safeFileName(given.name);
  const { type, body } = await openTypedBody(name, given.body);
  const { contentType, extension, form } = type;
  if (form !== 'zip') return upload.addFile(null, { name, contentType, body });
  // Each return waits, because the archive is deleted at the end.
  await using archive = await spool(upload, body);
  if (extension === 'zip') return await unpackZip(upload, { name, path: archive.path });
  await checkZipDocument(archive.path, type);
  return await upload.addFile(null, { name, contentType, body: archive.read() });
}
