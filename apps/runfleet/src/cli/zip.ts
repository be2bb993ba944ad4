import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';

import { type Entry, openPromise, type ZipFile } from 'yauzl';

/** Archives of packages have a few thousand files at most. */
const ENTRIES_MAX = 100_000;

export type OpenZip = AsyncDisposable & { file: ZipFile; entries: readonly Entry[] };

export async function openZip(archive: string): Promise<OpenZip> {
  const file = await openPromise(archive, { lazyEntries: true, autoClose: false }).catch(
    (error: unknown) => {
      throw new Error(`${archive} is not a zip archive, or is truncated. Download it again.`, {
        cause: error,
      });
    },
  );
  const close = async () => file.close();
  try {
    const entries: Entry[] = [];
    for await (const entry of file.eachEntry()) {
      if (entries.push(entry) > ENTRIES_MAX) throw new Error(`${archive} has too many files.`);
    }
    return { file, entries, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Writes one entry to `path` as a stream and compares its checksum. */
export async function extractEntry(
  { file }: OpenZip,
  entry: Entry,
  { path, bytesMax }: { path: string; bytesMax: number },
  onBytes: (bytes: number) => void,
): Promise<void> {
  if (entry.uncompressedSize > bytesMax) {
    throw new Error(
      `${entry.fileName} claims ${entry.uncompressedSize} bytes, more than any such file has.`,
    );
  }
  // yauzl checks the sizes of an entry, but not its checksum.
  let checksum = 0;
  let bytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _, next) {
      checksum = crc32(chunk, checksum);
      bytes += chunk.length;
      onBytes(bytes);
      next(null, chunk);
    },
  });
  const target = createWriteStream(path);
  await pipeline(await file.openReadStreamPromise(entry), check, target).catch((cause: Error) => {
    throw new Error(`${entry.fileName} cannot be extracted: ${cause.message}`, { cause });
  });
  if (checksum !== entry.crc32)
    throw new Error(`${entry.fileName} is damaged in the archive. Download it again.`);
}
