import { pipeline, type Readable, Transform } from 'node:stream';
import { crc32 } from 'node:zlib';

import type { ZipFile } from 'yauzl';

import { refusal } from '../refusal.ts';
import type { CheckedEntry } from './check-entry.ts';

/** The bytes of an entry. The stream fails unless they have its size and its checksum. */
export async function openEntry(zip: ZipFile, { entry, path }: CheckedEntry): Promise<Readable> {
  const damaged = (cause?: unknown) => {
    const shown = JSON.stringify(path.join('/').slice(0, 100));
    return refusal(`The zip archive is damaged: ${shown} cannot be read.`, cause);
  };
  const content = await zip.openReadStreamPromise(entry).catch((error: unknown) => {
    throw damaged(error);
  });
  let checksum = 0;
  // yauzl checks the size of an entry, but not its checksum.
  const checked = new Transform({
    transform(chunk: Buffer, _, next) {
      checksum = crc32(chunk, checksum);
      next(null, chunk);
    },
    flush(next) {
      next(checksum === entry.crc32 ? null : damaged());
    },
    destroy(error, next) {
      const isRefused = error === null || error.name === 'RunfleetError';
      next(isRefused ? error : damaged(error));
    },
  });
  // An error reaches the reader of `checked`.
  pipeline(content, checked, () => {});
  return checked;
}
