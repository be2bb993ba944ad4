import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { fileTooLarge, type Upload } from './upload.ts';

type Spooled = AsyncDisposable & { path: string; read(): Readable };

/** Writes an archive to a temporary file, because its directory is at its end. Disposing deletes it. */
export async function spool(upload: Upload, body: AsyncIterable<Uint8Array>): Promise<Spooled> {
  const folder = await mkdtemp(join(tmpdir(), 'runfleet-upload-'));
  const path = join(folder, 'archive');
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const file = createWriteStream(path, { mode: 0o600 });
    await pipeline(bounded(body, upload.fileBytesMax), file, { signal: upload.signal });
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, read: () => createReadStream(path), [Symbol.asyncDispose]: remove };
}

async function* bounded(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > bytesMax) throw fileTooLarge(bytesMax);
    yield chunk;
  }
}
